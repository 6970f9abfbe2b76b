"""Questions asked by phone, approved, voted for, shown on every screen; hands, reactions, chat and letters as typed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.people import PATIENCE, PHONE, PROJECTOR, Visitor, chromium, letter_by_letter, t, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser
ANNA, BERND, MODERATOR = "violetta.kohl@example.org", "felix.groettner@example.org", "oliver.lilie@example.org"
NAMED, NAMELESS = "Wer bildet in der Region aus?", "Und wer <b>bezahlt</b> das?"


async def test_the_audience_has_its_say(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session="live-1", to="live")
        moderator, anna, bernd, screen = await asyncio.gather(
            visitor(browser, "moderator", await server.link(MODERATOR, "live-1")),
            visitor(browser, "anna", await server.link(ANNA, "live-1"), size=PHONE),
            visitor(browser, "bernd", await server.link(BERND, "live-1")),
            visitor(browser, "hall", await server.link(None, "live-1"), size=PROJECTOR),
        )
        await moderator.page.goto(f"{server.url}/s/live-1/moderation")
        await screen.page.goto(f"{server.url}/venue/live-1")
        for person in (anna, bernd):
            await person.press("session.join")
            await person.page.get_by_role("tab", name=t("hall.questions")).click()
        await _ask(anna, NAMED, anonymous=False)
        await _ask(bernd, NAMELESS, anonymous=True)
        await _approve(moderator, NAMED)
        await _approve(moderator, NAMELESS)
        await _vote(anna, NAMELESS)
        await _vote(bernd, NAMELESS)
        first = moderator.page.locator("conf-question-desk .desk-question").first
        await expect(first).to_contain_text(NAMELESS, timeout=PATIENCE)
        await expect(first).to_contain_text(t("questions.anonymous"))
        await moderator.press_named(f"{t('questions.pin')}: {NAMELESS}")
        for person in (anna, bernd, screen):
            await expect(person.page.locator("conf-pinned .pinned__text").first).to_have_text(
                NAMELESS, timeout=PATIENCE
            )
        assert await violations(anna) + await violations(screen) == []
        await moderator.press_named(f"{t('questions.answer')}: {NAMELESS}")
        await expect(screen.page.locator("conf-pinned .pinned")).to_have_count(0, timeout=PATIENCE)

        await anna.press("hand.raise")
        await anna.page.get_by_role("button", name=t("hand.lower", place=1)).wait_for(timeout=PATIENCE)
        await anna.page.reload()
        await anna.page.get_by_role("button", name=t("hand.lower", place=1)).wait_for(timeout=PATIENCE)
        await moderator.press_named(f"{t('hands.call')}: Violetta Kohl")
        await _speaks_as_a_guest(anna, bernd, moderator)
        await bernd.page.get_by_role("button", name=t("reactions.clap")).click()
        await expect(screen.page.locator(".burst").first).to_be_attached(timeout=PATIENCE)

        await letter_by_letter(anna, bernd, "Guten M", "orgen!")
        await moderator.page.locator("conf-chat-desk summary").click()
        await moderator.press_named(f"{t('chat.hide')}: Guten Morgen!")
        await expect(bernd.page.get_by_text("Guten Morgen!")).to_have_count(0, timeout=PATIENCE)
        await moderator.press_named(f"{t('chat.mute')}: Violetta Kohl")
        await anna.sees(t("chat.muted"))
        assert [problem for person in (anna, bernd, moderator, screen) for problem in person.problems] == []


async def _ask(person: Visitor, text: str, *, anonymous: bool) -> None:
    await person.page.get_by_label(t("questions.label")).fill(text)
    if anonymous:
        await person.page.get_by_label(t("questions.without")).check()
    await person.press("questions.ask")
    await person.sees(t("questions.sent.approval"))


async def _approve(moderator: Visitor, text: str) -> None:
    await moderator.press_named(f"{t('questions.approve')}: {text}")
    await moderator.page.get_by_role("button", name=f"{t('questions.pin')}: {text}").wait_for(timeout=PATIENCE)


async def _vote(person: Visitor, text: str) -> None:
    button = person.page.locator(".question-card", has_text=text).locator(".upvote")
    await button.click(timeout=PATIENCE)
    await expect(button).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)


async def _speaks_as_a_guest(anna: Visitor, bernd: Visitor, moderator: Visitor) -> None:
    """Whoever is called up is seen and heard by all until the hand is lowered, also after a reload, and no longer."""
    await anna.sees(t("guest.called"))
    assert (await bernd.received())["bytes"] == 0
    await anna.press("guest.camera")
    await anna.sees(t("guest.live"))
    await bernd.sees_pictures()
    await bernd.hears()
    await expect(bernd.page.locator("conf-stage .tile[data-playing]")).to_contain_text("Kohl", timeout=PATIENCE)
    await anna.page.reload()
    await anna.sees(t("guest.live"))
    await expect(bernd.page.locator("conf-stage .tile[data-playing]")).to_have_count(1, timeout=PATIENCE)
    await bernd.sees_pictures()
    await moderator.press_named(f"{t('hands.done')}: Violetta Kohl")
    for person in (anna, bernd):
        await expect(person.page.locator("conf-stage .tile")).to_have_count(0, timeout=PATIENCE)
    await expect(anna.page.locator(".guest")).to_have_count(0)
