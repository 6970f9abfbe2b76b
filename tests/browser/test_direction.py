"""The run of show in real windows: two moderators press, the speaker sees the time, everybody gets the message."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.people import PATIENCE, PHONE, chromium, t, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser
MODERATOR, ORGANISER, ANNA = "oliver.lilie@example.org", "organisation@example.org", "violetta.kohl@example.org"
LIVE = "live-1"


async def test_two_moderators_play_the_programme(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", media_workers=1)
    await server.import_day()
    async with running(server), chromium() as browser:
        lilie = await visitor(browser, "lilie", await server.link(MODERATOR))
        other = await visitor(browser, "organisation", await server.link(ORGANISER))
        anna = await visitor(browser, "anna", await server.link(ANNA), size=PHONE)
        for who in (lilie, other):
            await who.page.goto(f"{server.url}/s/{LIVE}/moderation")
        desk, second = lilie.page.locator("conf-direction"), other.page.locator("conf-direction")
        cue = desk.locator(".direction__cue")
        await expect(cue).to_have_text("Start: Ankommen und Technik-Check", timeout=PATIENCE)
        await desk.get_by_role("button", name=t("direction.next"), exact=True).click()
        await expect(cue).to_contain_text("Backstage öffnen", timeout=PATIENCE)
        await expect(second.locator(".direction__cue")).to_contain_text("Backstage öffnen")
        await expect(second.locator(".direction__last")).to_contain_text("Oliver Lilie")
        await expect(anna.page.locator("conf-day")).to_contain_text("Ankommen und Technik-Check")
        await second.get_by_role("button", name=t("direction.undo"), exact=True).click()
        await expect(cue).to_have_text("Start: Ankommen und Technik-Check")
        await expect(desk.get_by_role("button", name=t("direction.undo"), exact=True)).to_have_count(0)
        times = await anna.page.locator(".agenda__time time").all_text_contents()
        await desk.get_by_role("button", name="+5 min").click()
        await expect(anna.page.locator(".agenda__shift").first).to_have_text("5 min später")
        assert await anna.page.locator(".agenda__time time").all_text_contents() != times
        await desk.get_by_text(t("direction.say"), exact=True).click()
        await desk.get_by_label(t("direction.say.label")).fill("Bitte <b>Platz</b> nehmen")
        await desk.get_by_role("button", name=t("direction.say.send")).click()
        await expect(anna.page.locator(".message")).to_contain_text("Bitte <b>Platz</b> nehmen")
        assert await violations(anna) == []
        await anna.page.get_by_role("button", name=t("message.read")).click()
        await expect(anna.page.locator(".message")).to_have_count(0)
        await desk.get_by_role("button", name=t("direction.edit"), exact=True).click()
        await desk.get_by_label(t("cue.text"), exact=True).fill("Gleich geht es los")
        await desk.get_by_role("button", name=t("cue.add"), exact=True).click()
        await expect(second.locator(".direction__cue")).to_contain_text("Gleich geht es los")
        assert await violations(lilie) == []
        await desk.get_by_text(t("direction.log"), exact=True).click()
        await expect(desk.locator(".log")).to_contain_text("Nachricht an alle: Bitte <b>Platz</b> nehmen")
