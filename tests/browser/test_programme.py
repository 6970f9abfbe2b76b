"""The production's encoder feeds the stage: FFmpeg's own WHIP muxer, H.264 and Opus, seen and heard in Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.people import chromium, visitor
from tests.browser.stage import SESSION, programme
from tests.server import Server, running

pytestmark = pytest.mark.browser
ANNA = "violetta.kohl@example.org"


async def test_the_programme_is_watched(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser, programme(server):
        anna = await visitor(browser, "anna", await server.link(ANNA, SESSION))
        await anna.press("session.join")
        await anna.sees_pictures()
        assert await anna.codecs() == {"video/H264", "audio/opus"}
        await anna.page.reload()
        await anna.sees_pictures()
