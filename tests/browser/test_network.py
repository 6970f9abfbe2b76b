"""A participant and the hall's screen lose the network, and are back in picture without a press."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.people import CHROMIUM, PATIENCE, chromium, visitor
from tests.browser.stage import MODERATOR, SESSION, programme
from tests.netns import Namespace
from tests.server import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.networks]
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
        screen = await visitor(browser, "screen", await server.link(None, SESSION, at=away.ours))
        await anna.sees_pictures()
        await screen.sees_pictures()
        await away.line(up=False)
        await server.command_as(MODERATOR, "poll.open", session=SESSION, poll="lage")
        await asyncio.sleep(seconds)
        await away.line(up=True)
        for each in (anna, screen):
            await each.sees_pictures()
            await each.is_connected()
        await expect(screen.page.locator(".venue__poll .code")).to_be_visible(timeout=PATIENCE)
