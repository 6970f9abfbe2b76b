"""On stage: a shared screen beside the camera, a moderator who mutes, a speaker who reloads."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.people import PATIENCE, chromium, t, until, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser
ANNA, SPEAKER, MODERATOR = "violetta.kohl@example.org", "michael.fleig@example.org", "oliver.lilie@example.org"


async def test_camera_and_screen(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session="live-1", to="live")
        moderator = await visitor(browser, "moderator", await server.link(MODERATOR, "live-1"))
        await moderator.page.goto(f"{server.url}/s/live-1/moderation")
        anna = await visitor(browser, "anna", await server.link(ANNA, "live-1"))
        await anna.press("session.join")
        speaker = await visitor(browser, "speaker", await server.link(SPEAKER, "live-1"))
        await speaker.page.goto(f"{server.url}/s/live-1/backstage")
        await speaker.press("devices.start")
        await speaker.press("backstage.enter")
        await moderator.press_named(f"{t('desk.bring_on')}: Dr. Michael Fleig")
        await speaker.sees(t("backstage.live"))
        await speaker.press("backstage.screen.share")
        await speaker.sees(t("backstage.screen.waiting"))
        await moderator.press_named(f"{t('desk.bring_on')}: Dr. Michael Fleig")
        screen = anna.page.locator(".tile[data-source='screen'] video")
        await expect(screen).to_be_visible(timeout=PATIENCE)
        await until(lambda: screen.evaluate("video => video.videoWidth > 0"), "the shared screen is not seen")
        await anna.sees_pictures()

        await moderator.press_named(f"{t('desk.mute')}: Dr. Michael Fleig")
        await expect(speaker.page.get_by_role("button", name=t("backstage.audio.off"))).to_be_visible(timeout=PATIENCE)
        await speaker.press("backstage.audio.off")
        await anna.hears()

        await speaker.page.reload()
        await speaker.sees(t("backstage.live"))
        await anna.sees_pictures()
        assert [problem for person in (anna, speaker, moderator) for problem in person.problems] == []
