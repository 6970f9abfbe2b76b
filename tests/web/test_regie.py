"""The Regie's page: who may open it, and who is shown the encoder's key."""

from __future__ import annotations

import re

import pytest

from conference.core.roles import Permission, Role, may
from tests.house import ANNA, MODERATOR, ORGANISER, PRODUCTION, SPEAKER, House

SESSION = "live-1"
ROLES = {
    Role.PARTICIPANT: (ANNA, 403),
    Role.SPEAKER: (SPEAKER, 403),
    Role.MODERATOR: (MODERATOR, 200),
    Role.ORGANISER: (ORGANISER, 200),
    Role.PRODUCTION: (PRODUCTION, 200),
    Role.VENUE: (None, 403),
}


async def opened(house: House, email: str | None, path: str, link: str | None = None) -> tuple[int, str]:
    async with await house.browser(email, link) as browser, browser.get(path) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("role", list(Role))
async def test_every_role(house: House, role: Role) -> None:
    email, status = ROLES[role]
    assert (await opened(house, email, f"/regie/{SESSION}"))[0] == status
    assert may(role, Permission.MONITOR) == (status == 200)


async def test_nobody_without_a_link(house: House) -> None:
    async with house.http.get(f"/regie/{SESSION}") as answer:
        assert answer.status == 401


async def test_a_session_without_a_stage_has_none(house: House) -> None:
    for path in ("/regie/feedback", "/regie/nowhere"):
        assert (await opened(house, PRODUCTION, path))[0] == 404


async def test_the_key_is_the_productions_own_and_opens_this_session(house: House) -> None:
    key = (await house.link(PRODUCTION, SESSION)).rsplit("/", 1)[1]
    _, page = await opened(house, PRODUCTION, f"/regie/{SESSION}")
    addresses = [f"{house.url}/whip/{SESSION}", f"{house.url}/whip/{SESSION}?source=backup"]
    assert re.findall(r'data-copy="([^"]+)"', page) == [*addresses, key]
    _, page = await opened(house, PRODUCTION, f"/regie/{SESSION}", link=SESSION)
    assert key in page
    _, elsewhere = await opened(house, PRODUCTION, f"/regie/{SESSION}", link="live-2")
    assert key not in elsewhere
    for email in (MODERATOR, ORGANISER):
        _, page = await opened(house, email, f"/regie/{SESSION}")
        assert re.findall(r'data-copy="([^"]+)"', page) == addresses
        assert key not in page


async def test_the_way_there(house: House) -> None:
    _, day = await opened(house, PRODUCTION, "/me")
    assert re.findall(r'href="(/regie/[^"]+)"', day) == ["/regie/live-1", "/regie/live-2"]
    assert "/whip/" not in day
    assert '"/regie/' not in (await opened(house, ANNA, "/me"))[1]
    for email in (MODERATOR, ORGANISER):
        assert 'href="/regie/live-1"' in (await opened(house, email, f"/s/{SESSION}/moderation"))[1]
    async with house.http.get(await house.link(PRODUCTION, SESSION), allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"/regie/{SESSION}"
    async with house.http.get(await house.link(PRODUCTION, "feedback"), allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/s/feedback"
