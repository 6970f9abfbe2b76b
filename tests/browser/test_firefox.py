"""The same stage in Firefox: a speaker in Chromium is seen there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.firefox import Firefox, firefox
from tests.browser.people import chromium, t, until, visitor
from tests.netns import namespace
from tests.server import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ANNA, SPEAKER, MODERATOR = "violetta.kohl@example.org", "michael.fleig@example.org", "oliver.lilie@example.org"
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
    with namespace() as away:
        async with running(server), chromium() as browser, firefox(away, tmp_path) as fox:
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
            await fox.go(await server.link(ANNA, "live-1", at=away.here))
            await until(lambda: fox.press(t("session.join")), "there is nothing to join")
            await until(lambda: _more(fox, 20), "Firefox shows no moving picture")
            before = float(await fox.run(SHOWN))
            await until(lambda: _more(fox, before + 20), "the picture stands still")


async def _more(fox: Firefox, frames: float) -> bool:
    return float(await fox.run(SHOWN)) > frames
