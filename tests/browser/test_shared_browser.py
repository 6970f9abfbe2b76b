"""Several people's links in one browser: each page stays the page of the one who opened it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.people import PATIENCE, chromium, t, visitor
from tests.server import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ANNA, SPEAKER = "violetta.kohl@example.org", "michael.fleig@example.org"


async def test_the_first_page_stays_its_persons(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        anna = await visitor(browser, "anna", await server.link(ANNA))
        await anna.is_connected()
        assert "as=" not in anna.page.url

        second = await anna.context.new_page()
        await second.goto(await server.link(SPEAKER))
        await expect(second.get_by_role("heading", level=1)).to_contain_text("Dr. Michael Fleig")

        await expect(anna.page.locator("a[href*='/s/live-1?as=']").first).to_be_attached(timeout=PATIENCE)
        await anna.page.get_by_role("link", name="Live-Session 1").first.click()
        await anna.press("session.join")
        await anna.sees(t("session.joined"))
        await expect(anna.page.get_by_role("link", name=t("way.backstage"))).to_have_count(0)
        await anna.page.goto(anna.page.url.replace("/s/live-1", "/me"))
        await anna.sees("Violetta Kohl")
