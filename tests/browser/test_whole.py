"""A page of which a module did not arrive is loaded again by itself, and not for ever."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.browser.people import PATIENCE, chromium, until, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser
ANNA = "violetta.kohl@example.org"
MODULE = "**/static/js/room.js"


async def test_a_half_loaded_page_is_loaded_again(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    asked = 0
    async with running(server), chromium() as browser:
        anna = await visitor(browser, "anna", await server.link(ANNA))

        async def fail_once(route: Route) -> None:
            nonlocal asked
            asked += 1
            await (route.abort("internetdisconnected") if asked == 1 else route.continue_())

        await anna.page.route(MODULE, fail_once)
        await anna.page.goto(f"{server.url}/s/ankommen")
        await expect(anna.page.locator(".connection")).to_have_attribute("data-state", "live", timeout=PATIENCE)
        assert asked == 2
        await anna.page.unroute(MODULE)

        async def fail(route: Route) -> None:
            nonlocal asked
            asked += 1
            await route.abort("internetdisconnected")

        await anna.page.route(MODULE, fail)
        await anna.page.goto(f"{server.url}/s/ankommen")

        async def given_up() -> bool:
            return asked >= 5

        await until(given_up, "it is not tried again")
        await anna.page.wait_for_timeout(5_000)
        assert asked == 5, "three times in a minute, no more"
