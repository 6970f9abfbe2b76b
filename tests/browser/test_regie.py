"""The production's desk: it says loudly when a picture stands, when a sound is gone, when a line is lost."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout
from prometheus_client.parser import text_string_to_metric_families

from tests.browser.axe import violations
from tests.browser.people import LAPTOP, PATIENCE, Visitor, chromium, t, until, visitor
from tests.browser.stage import encoder, programme
from tests.server import Server, running

pytestmark = pytest.mark.browser
SPEAKER, MODERATOR, PRODUCTION = "michael.fleig@example.org", "oliver.lilie@example.org", "regie@example.org"
ANNA = "violetta.kohl@example.org"
SESSION = "live-1"
STOP_SENDING = """async (kind) => {
  window.stopped ??= {};
  for (const connection of window.connections) {
    for (const sender of connection.getSenders()) {
      if (sender.track?.kind === kind) window.stopped[kind] = { sender, track: sender.track };
    }
  }
  await window.stopped[kind].sender.replaceTrack(null);
}"""
SOUNDS = """() => {
  const { audio } = document.querySelector("conf-regie").pictures.place(0);
  return !audio.muted && !audio.paused;
}"""
TALK = """async () => (await document.querySelector("conf-foldback").pictures.stats()).slots[9].audioBytes"""
LINE = """async () => {
  const { attempts, repairs } = await document.querySelector("conf-stage").pictures.stats();
  return [attempts, repairs];
}"""
GO_ON = "(kind) => window.stopped[kind].sender.replaceTrack(window.stopped[kind].track)"


def words(key: str) -> str:
    """A warning's text before the figure that counts on."""
    return t(key).partition("{")[0]


def panel(desk: Visitor, source: str) -> Locator:
    return desk.page.locator(f".panel[data-feed$='/{source}']")


async def warned(desk: Visitor, source: str, key: str) -> None:
    """Wait until a feed's panel is red and says so."""
    place = panel(desk, source)
    await expect(place.locator(".panel__wrong")).to_contain_text(words(key), timeout=PATIENCE)
    await expect(place).to_have_attribute("data-level", "bad", timeout=PATIENCE)
    await expect(desk.page.locator(".regie__sum")).to_have_attribute("data-level", "bad", timeout=PATIENCE)


async def calm(desk: Visitor, source: str) -> None:
    """Wait until nothing is wrong with a feed."""
    await expect(panel(desk, source)).to_have_attribute("data-level", "good", timeout=PATIENCE)


async def measured(server: Server) -> None:
    """What `/metrics` says of the one camera, its viewers and the workers."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/metrics") as answer:
        families = {f.name: f.samples for f in text_string_to_metric_families(await answer.text())}
    figures = {name.removeprefix("conference_"): [s.value for s in samples] for name, samples in families.items()}
    assert (figures["media_up"], figures["feed_connected"]) == ([1], [1])
    assert max(figures["feed_frames_per_second"]) > 0
    for name in ("feed_packets", "feed_bytes", "feed_key_frames", "feed_frames", "worker_cpu_seconds", "viewers"):
        assert sum(figures[name]) > 0, name
    assert min(figures["worker_resident_memory_bytes"]) > 10_000_000
    for name in ("feed_frozen_seconds", "feed_silent_seconds", "feed_audio_level_dbov", "feed_round_trip_seconds"):
        assert len(figures[name]) == 1, name
    layers = {s.labels["layer"] for s in families["conference_feed_loss_ratio"] if s.labels["kind"] == "video"}
    assert layers <= {"q", "h", "f", ""}
    assert len(layers) == len([s for s in families["conference_feed_muted"] if s.labels["kind"] == "video"])


async def talk_to_one(desk: Visitor, speaker: Visitor) -> None:
    """The production speaks to one who waits backstage, who sees who it is and hears it; then no longer."""
    name = f"{t('talkback.speak')}: Dr. Michael Fleig"
    await desk.press_named(name)
    await expect(speaker.page.locator(".talkback")).to_be_visible(timeout=PATIENCE)
    before = await speaker.page.evaluate(TALK)

    async def heard() -> bool:
        return bool(await speaker.page.evaluate(TALK) > before + 1000)

    await until(heard, "nobody is heard backstage")
    speaking = f"{t('talkback.on')}: Dr. Michael Fleig"
    await expect(desk.page.get_by_role("button", name=speaking)).to_have_attribute("aria-pressed", "true")
    assert await violations(speaker) == await violations(desk) == []
    await desk.press_named(speaking)
    await expect(speaker.page.locator(".talkback")).to_have_count(0, timeout=PATIENCE)


async def test_what_goes_wrong_on_stage_stands_on_the_desk(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        desk = await visitor(browser, "production", await server.link(PRODUCTION, SESSION), size=LAPTOP)
        await desk.sees(t("regie.empty"))
        assert await violations(desk) == []
        await server.command_as(MODERATOR, "session.move", session=SESSION, to="live")
        speaker = await visitor(browser, "speaker", await server.link(SPEAKER, SESSION))
        await speaker.page.goto(f"{server.url}/s/{SESSION}/backstage")
        await speaker.press("devices.start")
        await speaker.press("backstage.enter")
        await expect(panel(desk, "camera")).to_have_attribute("data-tally", "backstage", timeout=PATIENCE)
        snapshot = await server.command_as(MODERATOR, "page.snapshot", session=SESSION)
        [waiting] = snapshot["stage"]["backstage"]
        who = {"person": waiting["person"], "source": "camera"}
        await server.command_as(MODERATOR, "stage.bring_on", session=SESSION, **who)
        await expect(panel(desk, "camera")).to_have_attribute("data-tally", "live", timeout=PATIENCE)
        await desk.sees_pictures()
        await calm(desk, "camera")
        await desk.sees(t("regie.good"))
        await expect(panel(desk, "camera").locator(".panel__bits")).to_contain_text("bit/s")
        await expect(panel(desk, "camera").locator("[data-speaks]")).to_be_visible(timeout=PATIENCE)
        await measured(server)
        assert not await desk.page.evaluate(SOUNDS)
        await desk.press_named(f"{t('regie.listen')}: Dr. Michael Fleig")
        await until(lambda: desk.page.evaluate(SOUNDS), "nobody can listen to a feed")

        await speaker.page.evaluate(STOP_SENDING, "video")
        await warned(desk, "camera", "regie.warn.frozen")
        await speaker.page.evaluate(GO_ON, "video")
        await calm(desk, "camera")
        await speaker.page.evaluate(STOP_SENDING, "audio")
        await warned(desk, "camera", "regie.warn.silent")
        assert await violations(desk) == []
        await speaker.page.evaluate(GO_ON, "audio")
        await calm(desk, "camera")

        await server.command_as(MODERATOR, "stage.take_off", session=SESSION, **who)
        await talk_to_one(desk, speaker)
        await server.command_as(MODERATOR, "stage.bring_on", session=SESSION, **who)
        await calm(desk, "camera")

        await server.kill()
        await expect(desk.page.locator(".regie__sum")).to_have_attribute("data-level", "warn", timeout=PATIENCE)
        await server.start()
        await calm(desk, "camera")
        await desk.sees_pictures()

        await speaker.context.close()
        await warned(desk, "camera", "regie.warn.lost")
        assert desk.problems == []


async def test_the_backup_takes_over_from_a_picture_that_stands(tmp_path: Path) -> None:
    """Two encoders send the programme; viewers hardly notice that one of them fails, the desk does."""
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        async with programme(server) as main, encoder(server, "?source=backup") as backup:
            desk = await visitor(browser, "production", await server.link(PRODUCTION, SESSION))
            for feed in ("programme", "backup"):
                await expect(panel(desk, feed).locator(".tile[data-playing]")).to_be_visible(timeout=PATIENCE)
            await main_on_air(desk)
            frames = panel(desk, "programme").locator(".panel__figures dd").first
            await until(lambda: _about(frames, 25), "the encoder's frame rate is not shown")
            anna = await visitor(browser, "anna", await server.link(ANNA, SESSION))
            await anna.press("session.join")
            await anna.sees_pictures()

            main.send_signal(signal.SIGSTOP)
            await expect(panel(desk, "backup")).to_have_attribute("data-tally", "live", timeout=PATIENCE)
            await desk.sees(t("programme.automatic.backup"))
            await anna.sees_pictures()
            assert await anna.page.locator(".tile").count() == 1
            assert await anna.page.evaluate(LINE) == [1, 0]
            assert await violations(desk) == []

            main.send_signal(signal.SIGCONT)
            await desk.sees(t("programme.main_back"))
            await expect(panel(desk, "backup")).to_have_attribute("data-tally", "live")
            await desk.press("programme.to_main", within=".programme-note")
            await main_on_air(desk)
            await anna.sees_pictures()

            backup.send_signal(signal.SIGSTOP)  # first, so that nothing changes over to it
            await expect(panel(desk, "backup").locator(".panel__wrong")).to_be_visible(timeout=PATIENCE)
            main.send_signal(signal.SIGSTOP)
            await anna.sees(t("tile.interrupted"))
        await warned(desk, "programme", "regie.warn.lost")
        assert desk.problems == anna.problems == []


async def main_on_air(desk: Visitor) -> None:
    """The main feed is on air, the backup waits: put back by hand if the main encoder had to be opened again."""
    back = desk.page.locator(".programme-note").get_by_role("button", name=t("programme.to_main"), exact=True)

    async def so() -> bool:
        with contextlib.suppress(PlaywrightTimeout):
            if await back.is_visible():
                await back.click(timeout=2000)
        tally = [await panel(desk, feed).get_attribute("data-tally") for feed in ("programme", "backup")]
        return tally == ["live", "standby"]

    await until(so, "the main feed is not on air")


async def _about(figure: Locator, rate: int) -> bool:
    text = await figure.inner_text()
    return text.isdigit() and abs(int(text) - rate) <= 5
