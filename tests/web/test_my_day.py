"""Mein Tag: every link on it leads somewhere, whoever looks and whenever; speakers and moderators find their places."""

from __future__ import annotations

import re

import pytest

from tests.house import ANNA, MODERATOR, ORGANISER, PRODUCTION, SPEAKER, House

ROOM_MODERATOR = "ag1@example.org"
STAGE = "live-1"
_LINK = re.compile(r'href="(/(?!static/)[^"#]*)"')


@pytest.mark.parametrize("email", [ANNA, SPEAKER, MODERATOR, ROOM_MODERATOR, ORGANISER, PRODUCTION])
@pytest.mark.parametrize("to", ["backstage", "live", "ended"])
async def test_every_link_leads_somewhere(house: House, email: str, to: str) -> None:
    organiser = await house.enter(ORGANISER)
    for state in {"backstage": ["backstage"], "live": ["live"], "ended": ["live", "ended"]}[to]:
        await organiser.do("session.move", session=STAGE, to=state)
    async with await house.browser(email) as browser:
        async with browser.get("/me") as answer:
            links = set(_LINK.findall(await answer.text()))
        assert "/me" in links
        for link in links:
            async with browser.get(link.replace("&amp;", "&")) as answer:
                assert answer.status == 200, link


async def test_the_desk_is_of_a_session_that_one_moderates(house: House) -> None:
    organiser = await house.enter(ORGANISER)
    await organiser.do("session.move", session="ankommen", to="live")
    await organiser.do("session.move", session="ankommen", to="ended")
    await organiser.do("session.move", session=STAGE, to="live")
    for email, desk in ((MODERATOR, STAGE), (ROOM_MODERATOR, "aktiv-pause")):
        async with await house.browser(email) as browser, browser.get("/me") as answer:
            assert f'href="/s/{desk}/moderation"' in await answer.text()


async def test_speakers_find_backstage_until_their_session_is_over(house: House) -> None:
    organiser = await house.enter(ORGANISER)
    await organiser.do("session.move", session=STAGE, to="live")
    assert await _backstages(house, SPEAKER) == [STAGE]
    assert await _backstages(house, ANNA) == []
    await organiser.do("session.move", session=STAGE, to="ended")
    assert await _backstages(house, SPEAKER) == []


async def _backstages(house: House, email: str) -> list[str]:
    async with await house.browser(email) as browser, browser.get("/me") as answer:
        return re.findall(r'href="/s/([\w-]+)/backstage"', await answer.text())
