"""The production's desk: it says loudly when a picture stands, when a sound is gone, when a line is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.browser.people import LAPTOP, PATIENCE, Visitor, chromium, t, until, visitor
from tests.browser.stage import programme
from tests.browser.test_accessibility import violations
from tests.server import Server, running

pytestmark = pytest.mark.browser
SPEAKER, MODERATOR, PRODUCTION = "michael.fleig@example.org", "oliver.lilie@example.org", "regie@example.org"
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

        await speaker.page.evaluate(STOP_SENDING, "video")
        await warned(desk, "camera", "regie.warn.frozen")
        await speaker.page.evaluate(GO_ON, "video")
        await calm(desk, "camera")
        await speaker.page.evaluate(STOP_SENDING, "audio")
        await warned(desk, "camera", "regie.warn.silent")
        assert await violations(desk) == []
        await speaker.page.evaluate(GO_ON, "audio")
        await calm(desk, "camera")

        await server.kill()
        await expect(desk.page.locator(".regie__sum")).to_have_attribute("data-level", "warn", timeout=PATIENCE)
        await server.start()
        await calm(desk, "camera")
        await desk.sees_pictures()

        await speaker.context.close()
        await warned(desk, "camera", "regie.warn.lost")
        assert desk.problems == []


async def test_an_encoder_that_goes_leaves_its_place_and_a_warning(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        async with programme(server):
            desk = await visitor(browser, "production", await server.link(PRODUCTION, SESSION))
            await expect(panel(desk, "programme")).to_have_attribute("data-tally", "live", timeout=PATIENCE)
            await desk.sees_pictures()
            frames = panel(desk, "programme").locator(".panel__figures dd").first
            await until(lambda: _about(frames, 25), "the encoder's frame rate is not shown")
        await warned(desk, "programme", "regie.warn.lost")


async def _about(figure: Locator, rate: int) -> bool:
    text = await figure.inner_text()
    return text.isdigit() and abs(int(text) - rate) <= 5
