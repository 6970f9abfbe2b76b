"""The same stage in Firefox: a speaker in Chromium is seen there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.people import chromium, t, until, visitor
from tests.firefox import Firefox, Tab
from tests.netns import Namespace
from tests.server import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.networks]
ANNA, SPEAKER, MODERATOR = "violetta.kohl@example.org", "michael.fleig@example.org", "oliver.lilie@example.org"
JOIN = f"""(() => {{
  const button = [...document.querySelectorAll("button")].find(
    (each) => each.offsetParent && each.innerText.trim() === "{t("session.join")}");
  button?.click();
  return Boolean(button);
}})()"""
SHOWN = """(async () => {
  const stage = document.querySelector("conf-stage");
  const { slots } = (await stage?.pictures?.stats()) ?? { slots: [] };
  const video = [...document.querySelectorAll("conf-stage video")].find((v) => v.videoWidth && v.offsetParent);
  return video ? slots.reduce((sum, { framesDecoded }) => sum + framesDecoded, 0) : 0;
})()"""
"""Frames decoded, once a picture is really shown."""


async def test_the_stage_is_seen_in_firefox(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", host="0.0.0.0")
    await server.import_day()
    profile = tmp_path / "profile"
    profile.mkdir()
    async with (
        Namespace() as away,
        running(server),
        chromium() as browser,
        Firefox(away, profile, {"intl.accept_languages": "de-DE,de"}) as firefox,
    ):
        await server.command_as(MODERATOR, "session.move", session="live-1", to="live")
        speaker = await visitor(browser, "speaker", await server.link(SPEAKER, "live-1"))
        await speaker.page.goto(f"{server.url}/s/live-1/backstage")
        await speaker.press("devices.start")
        await speaker.press("backstage.enter")
        me = next(link["person"] for link in await server.links() if link["email"] == SPEAKER)
        snapshot = await server.command_as(MODERATOR, "page.snapshot", session="live-1")
        [waiting] = snapshot["stage"]["backstage"]
        assert waiting["name"] == me
        await server.command_as(
            MODERATOR, "stage.bring_on", session="live-1", person=waiting["person"], source="camera"
        )
        anna = await firefox.open(await server.link(ANNA, "live-1", at=away.ours))
        await until(lambda: anna.evaluate(JOIN), "there is nothing to join")
        await until(lambda: _more(anna, 20), "Firefox shows no moving picture")
        before = float(await anna.evaluate(SHOWN))
        await until(lambda: _more(anna, before + 20), "the picture stands still")


async def _more(tab: Tab, frames: float) -> bool:
    return float(await tab.evaluate(SHOWN)) > frames
