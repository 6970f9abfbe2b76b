"""How a page is connected: it keeps its session when the network changes, says which way it goes, and saves data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.people import CHROMIUM, PATIENCE, Visitor, chromium, t, until, visitor
from tests.browser.stage import SESSION, programme
from tests.netns import Namespace, run
from tests.server import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.networks]
ANNA, SPEAKER, MODERATOR = "violetta.kohl@example.org", "michael.fleig@example.org", "oliver.lilie@example.org"
DIALOG = "dialog.report"
STATS = "document.querySelector('conf-stage').pictures.stats()"


@asynccontextmanager
async def anna_away(directory: Path) -> AsyncIterator[tuple[Visitor, Namespace]]:
    """Anna watches the programme from another machine."""
    server = Server(directory / "data", host="0.0.0.0")
    await server.import_day()
    async with (
        Namespace() as away,
        running(server),
        chromium(away.wrapper(CHROMIUM, directory)) as browser,
        programme(server),
    ):
        anna = await visitor(browser, "anna", await server.link(ANNA, SESSION, at=away.ours))
        await anna.press("session.join")
        await anna.sees_pictures()
        yield anna, away


async def session_of(person: Visitor) -> tuple[str, int, int]:
    """Which session the stage's line has, how often it was made, and how many connections the page ever made."""
    stats: dict[str, Any] = await person.page.evaluate(STATS)
    return stats["id"], stats["attempts"], await person.page.evaluate("window.connections.length")


async def repairs(person: Visitor) -> int:
    """How often the stage's line took another way."""
    return int(await person.page.evaluate(f"{STATS}.then(({{ repairs }}) => repairs)"))


async def sound_arrives(person: Visitor) -> None:
    """Wait until more of the programme's sound came; it is silence, but it is sent."""
    bytes_so_far = f"{STATS}.then(({{ slots }}) => slots.reduce((sum, {{ audioBytes }}) => sum + audioBytes, 0))"
    before = await person.page.evaluate(bytes_so_far)

    async def more() -> bool:
        return bool(await person.page.evaluate(bytes_so_far) > before)

    await until(more, "no sound arrives")


async def pull_the_cable(away: Namespace) -> None:
    """For long enough to be noticed."""
    await away.line(up=False)
    await run("sleep", "4")
    await away.line(up=True)


async def shut_udp(away: Namespace) -> None:
    """As a strict firewall does."""
    for rule in ("add table inet shut", "add chain inet shut out { type filter hook output priority 0; }"):
        await away.run("nft", *rule.split(" "))
    await away.run("nft", "add", "rule", "inet", "shut", "out", "meta", "l4proto", "udp", "drop")


@pytest.mark.parametrize("change", [pull_the_cable, shut_udp])
async def test_the_session_stays_when_the_network_changes(
    tmp_path: Path, change: Callable[[Namespace], Awaitable[None]]
) -> None:
    async with anna_away(tmp_path) as (anna, away):
        before = await session_of(anna)
        await change(away)
        await until(lambda: repairs(anna), "the line took no other way")
        await anna.sees_pictures()
        await sound_arrives(anna)
        assert await session_of(anna) == before
        assert anna.problems == []


async def test_the_page_says_which_way_it_is_connected(tmp_path: Path) -> None:
    async with anna_away(tmp_path) as (anna, away):
        badge, dialog = anna.page.locator("button.connection"), anna.page.locator(DIALOG)
        await badge.focus()
        await anna.page.keyboard.press("Enter")
        await expect(dialog).to_contain_text(t("report.way.udp"), timeout=PATIENCE)
        await expect(dialog).to_contain_text("320 × 240")
        await expect(dialog).to_contain_text(t("report.sound.good"))
        await shut_udp(away)
        await expect(dialog).to_contain_text(t("report.way.tcp"), timeout=PATIENCE)
        await anna.sees_pictures()
        await away.line(up=False)
        await expect(dialog).to_contain_text(t("report.grade.poor"), timeout=PATIENCE)
        await expect(dialog).not_to_contain_text(t("report.way.tcp"), timeout=PATIENCE)
        await away.line(up=True)
        await expect(dialog).to_contain_text(t("report.way.tcp"), timeout=PATIENCE)
        await anna.page.keyboard.press("Escape")
        await expect(dialog).not_to_be_visible()
        await expect(badge).to_be_focused()
        assert anna.problems == []


async def test_data_are_saved_where_somebody_wants_it(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser, programme(server):
        anna = await visitor(browser, "anna", await server.link(ANNA, SESSION))
        await anna.press("session.join")
        await anna.sees_pictures()
        await anna.page.locator("button.connection").click()
        await expect(anna.page.locator(DIALOG)).to_contain_text("320 × 240", timeout=PATIENCE)
        await anna.press("report.copy")
        await expect(anna.page.get_by_role("button", name=t("report.copied"))).to_be_visible(timeout=PATIENCE)
        await anna.page.get_by_label(t("saving.sound")).check()
        await expect(anna.page.locator(DIALOG)).to_contain_text(t("report.pictures.saved"), timeout=PATIENCE)
        await anna.page.keyboard.press("Escape")
        await anna.sees(t("tile.saved"))
        await sound_arrives(anna)
        assert (await anna.page.evaluate(STATS))["heights"] == [0] * 9
        await anna.page.reload()
        await anna.sees(t("tile.saved"))
        await anna.page.locator("button.connection").click()
        await anna.page.get_by_label(t("saving.small")).check()
        await anna.sees_pictures()
        assert max((await anna.page.evaluate(STATS))["heights"]) == 180
        assert anna.problems == []


SENT = """async (carries) => {
  const { lines } = await import("/static/js/line.js");
  const sent = {};
  const line = [...lines.all].find((line) => line.carries === carries);
  if (!line?.pc) return sent;
  (await line.pc.getStats()).forEach(({ type, kind, rid, frameHeight, framesEncoded }) => {
    if (type === "outbound-rtp" && kind === "video" && framesEncoded > 20) sent[rid] = frameHeight;
  });
  return sent;
}"""
"""Height of each layer that is sent."""
GOT = """async (slot) => {
  const { lines } = await import("/static/js/line.js");
  const viewer = [...lines.all].find((line) => line.carries === "stage");
  const videos = viewer.pc.getTransceivers().filter(({ receiver }) => receiver.track.kind === "video");
  let height = 0;
  (await videos[slot].receiver.getStats()).forEach(({ type, frameHeight }) => {
    if (type === "inbound-rtp") height = frameHeight ?? 0;
  });
  return height;
}"""
"""Height of the picture that arrives in a slot."""
STRONG = "Object.defineProperty(navigator, 'hardwareConcurrency', { get: () => 8 })"


async def arrives(person: Visitor, slot: int, height: int) -> None:
    """Wait until a picture of this height arrives."""

    async def so() -> bool:
        return bool(await person.page.evaluate(GOT, slot) == height)

    await until(so, f"{person.name} gets no picture of {height} lines")


async def test_a_camera_is_sent_in_layers_and_each_viewer_gets_the_one_that_fits(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session=SESSION, to="live")
        speaker = await visitor(browser, "speaker", await server.link(SPEAKER, SESSION))
        await speaker.context.add_init_script(STRONG)
        await speaker.page.goto(f"{server.url}/s/{SESSION}/backstage")
        await speaker.press("devices.start")
        await speaker.press("backstage.enter")
        moderator = await visitor(browser, "moderator", await server.link(MODERATOR, SESSION))
        await moderator.page.goto(f"{server.url}/s/{SESSION}/moderation")
        await moderator.press_named(f"{t('desk.bring_on.now')}: Dr. Michael Fleig")
        large = await visitor(browser, "large", await server.link(ANNA, SESSION), size=(1366, 768))
        await large.press("session.join")

        async def all_layers() -> bool:
            return bool(await speaker.page.evaluate(SENT, "camera") == {"q": 180, "h": 360, "f": 720})

        await until(all_layers, "the camera is not sent in three layers")
        await arrives(large, 0, 720)
        small = await visitor(browser, "small", await server.link(ANNA, SESSION), size=(320, 568))
        await small.press("session.join")
        await arrives(small, 0, 180)
        await large.page.set_viewport_size({"width": 320, "height": 568})
        await arrives(large, 0, 180)
        await small.page.set_viewport_size({"width": 1366, "height": 768})
        await arrives(small, 0, 720)
        assert [problem for person in (speaker, moderator, large, small) for problem in person.problems] == []


async def test_a_shared_screen_is_sharp_in_each_layer(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session=SESSION, to="live")
        speaker = await visitor(browser, "speaker", await server.link(SPEAKER, SESSION))
        await speaker.page.goto(f"{server.url}/s/{SESSION}/backstage")
        await speaker.press("devices.start")
        await speaker.press("backstage.enter")
        await speaker.press("backstage.screen.share")

        async def both_layers() -> bool:
            heights = await speaker.page.evaluate(SENT, "screen")
            return heights.keys() == {"h", "f"} and len(set(heights.values())) == 1

        await until(both_layers, "the screen is not sent in two layers of the same size")
        assert speaker.problems == []
