"""A participant loses the network, or reloads, and is back in picture without pressing anything."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.browser.people import CHROMIUM, chromium, visitor
from tests.browser.stage import SESSION, programme
from tests.netns import Namespace
from tests.server import Server, running

pytestmark = pytest.mark.browser
ANNA = "violetta.kohl@example.org"


@pytest.mark.parametrize("seconds", [2, 12], ids=["a hiccup", "longer than a socket lives"])
async def test_the_cable_is_pulled_out(tmp_path: Path, seconds: float) -> None:
    server = Server(tmp_path / "data", host="0.0.0.0")
    await server.import_day()
    async with (
        Namespace() as away,
        running(server),
        chromium(away.wrapper(CHROMIUM, tmp_path)) as browser,
        programme(server),
    ):
        anna = await visitor(browser, "anna", await server.link(ANNA, SESSION, at=away.ours))
        await anna.press("session.join")
        await anna.sees_pictures()
        await away.line(up=False)
        await asyncio.sleep(seconds)
        await away.line(up=True)
        await anna.sees_pictures()
        await anna.is_connected()
