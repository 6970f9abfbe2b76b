"""Every screen in every state, light and dark, German and English: axe-core finds no violation (WCAG 2.2 A and AA)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.axe import violations
from tests.browser.people import LAPTOP, PHONE, Visitor, chromium, t, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser

MODERATOR, SPEAKER, ORGANISER = "oliver.lilie@example.org", "michael.fleig@example.org", "organisation@example.org"
ANNA, PRODUCTION = "violetta.kohl@example.org", "regie@example.org"


@pytest.mark.parametrize(
    ("dark", "lang", "size"),
    [(False, "de", LAPTOP), (True, "en", PHONE)],
    ids=["light German laptop", "dark English phone"],
)
async def test_no_screen_shuts_anybody_out(tmp_path: Path, dark: bool, lang: str, size: tuple[int, int]) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    found: list[str] = []
    async with running(server), chromium() as browser:

        async def look(email: str | None, *paths: str, link: str | None = None) -> Visitor:
            """Open pages as somebody, and look at each; the last one stays open."""
            url = await server.link(email, link)
            person = await visitor(browser, email or "hall", url, size=size, dark=dark, reduced_motion="reduce")
            for path in paths:
                await person.page.goto(f"{server.url}{path}?lang={lang}")
                await person.page.wait_for_function("document.readyState === 'complete'")
                await person.page.wait_for_timeout(400)
                found.extend(await violations(person))
            return person

        anna = await look(ANNA, "/", "/me", "/s/ankommen", "/s/live-1", "/s/feedback", "/s/nowhere", "/organise")
        await look(PRODUCTION, "/me", "/regie/live-1")
        await look(None, "/venue/live-1")
        await look(
            ORGANISER, "/organise", "/organise/people", "/organise/badges", "/organise/results", "/organise/films"
        )
        moderator = await look(MODERATOR, "/s/live-1/moderation", "/s/live-1/backstage")
        await server.command_as(MODERATOR, "session.move", session="live-1", to="backstage")
        speaker = await look(SPEAKER, "/s/live-1/backstage")
        await server.command_as(MODERATOR, "session.move", session="live-1", to="live")
        await anna.page.goto(f"{server.url}/s/live-1")
        await anna.page.locator("conf-session .join button").click()
        await anna.page.locator("button.connection").click()
        await anna.page.locator("dialog.report .report__rows").wait_for()
        found += await violations(anna)
        await anna.page.keyboard.press("Escape")
        for poll in ("lage", "hebel", "ein-wort"):
            await server.command_as(MODERATOR, "poll.open", session="live-1", poll=poll)
            await anna.page.locator("conf-poll-now .poll__question").wait_for()
            found += await violations(anna)
            await server.command_as(MODERATOR, "poll.close", session="live-1", poll=poll)
            await server.command_as(MODERATOR, "poll.publish", session="live-1", poll=poll)
            await anna.page.wait_for_timeout(600)
            found += await violations(anna)
        moderator = await look(MODERATOR, "/s/live-1/moderation")
        await look(None, "/venue/live-1")
        found += await violations(speaker)
        await server.command_as(MODERATOR, "session.move", session="live-1", to="ended")
        await server.command_as(MODERATOR, "session.move", session="feedback", to="live")
        await anna.page.wait_for_timeout(600)
        found += await violations(anna)
        await look(MODERATOR, "/s/feedback/moderation")
        await anna.page.goto(f"{server.url}/s/feedback")
        await anna.page.locator(".rating__button").nth(7).click()
        await anna.page.wait_for_timeout(600)
        found += await violations(anna)
        await look(ORGANISER, "/organise/results", "/organise")
        await server.command_as(MODERATOR, "pause.start", session="aktiv-pause", minutes=None)
        await anna.page.goto(f"{server.url}/s/aktiv-pause?lang={lang}")
        await anna.page.locator("conf-session .join button").click()
        await anna.page.locator(".pause__title").wait_for()
        found += await violations(anna)
        await look(None, "/venue/aktiv-pause")
        await look(MODERATOR, "/s/aktiv-pause/moderation")
        await server.command_as(MODERATOR, "session.move", session="arbeitsgruppen", to="live")
        await server.command_as(MODERATOR, "breakouts.assign", session="arbeitsgruppen", fresh=True)
        await look(MODERATOR, "/s/arbeitsgruppen/moderation", "/s/live-2/moderation")
        assert moderator.problems == []
    assert found == []


async def test_the_poll_is_answered_by_keyboard(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session="live-1", to="live")
        anna = await visitor(browser, "anna", await server.link(ANNA, "live-1"))
        await _tab_to(anna, t("session.join"))
        await anna.page.keyboard.press("Enter")
        await server.command_as(MODERATOR, "poll.open", session="live-1", poll="lage")
        await anna.sees("gleich geblieben")
        focused = await anna.page.evaluate("document.activeElement.type")
        assert focused != "radio"  # the poll came to the person, the focus did not go to the poll
        await _tab_to(anna, "stark gestiegen")
        await anna.page.keyboard.press("ArrowDown")
        await _tab_to(anna, t("poll.vote"))
        await anna.page.keyboard.press("Enter")
        await anna.sees(t("poll.voted"))
        await _tab_to(anna, t("hall.programme"))
        assert await anna.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        snapshot = await server.command_as(ANNA, "page.snapshot", session="live-1")
        assert next(poll["mine"] for poll in snapshot["polls"] if poll["key"] == "lage") == {"voted": True, "choice": 1}


async def _tab_to(person: Visitor, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(80):
        focused = await person.page.evaluate(
            """() => { const e = document.activeElement;
              return (e.getAttribute("aria-label") ?? e.labels?.[0]?.innerText ?? e.innerText ?? "").trim(); }"""
        )
        if focused == name:
            return
        await person.page.keyboard.press("Tab")
    raise AssertionError(f"no way to »{name}« by keyboard")
