"""The hall's doors: badges and codes lead in by one press, what a phone there may do, who sees votes as they grow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from conference.people.model import Link
from conference.sessions import queries
from conference.web.pages.badges import PER_SHEET
from conference.web.pages.session import qr
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, PRODUCTION, SPEAKER, House, until

LIVE, NEXT = "live-1", "aktiv-pause"


async def link_of(house: House, email: str) -> Link:
    """Somebody's link for the day."""
    token = (await house.link(email)).rsplit("/", 1)[1]
    found = await house.site.doorman.by_token(token)
    assert found is not None
    return found[0]


async def badge(house: House, email: str) -> str:
    """What somebody's badge says."""
    return f"{await house.link(email)}?badge={house.site.tokens.badge(await link_of(house, email))}"


async def goes_to(browser: aiohttp.ClientSession, address: str) -> str:
    """Where an address redirects to."""
    async with browser.get(address, allow_redirects=False) as answer:
        assert answer.status == 303
        return str(answer.headers["Location"])


async def here(house: House, session: str = LIVE) -> dict[str, int]:
    """Who is present."""
    async with house.store.reading() as db:
        return await queries.presence(db, (await queries.row(db, session)).id)


@pytest.fixture
async def phone(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    """A phone that nobody's link was opened on."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(house.url, cookie_jar=jar, headers={"Accept": "text/html"}) as phone:
        yield phone


async def test_a_badge_leads_into_the_hall_by_one_press(house: House, phone: aiohttp.ClientSession) -> None:
    await house.enter(MODERATOR, LIVE)
    await house.clients[0].do("session.move", session=LIVE, to="live")
    path = await goes_to(phone, await badge(house, ANNA))
    assert path.startswith(f"/hall/{LIVE}/")
    async with phone.get(path) as answer:
        assert (answer.status, "Violetta Kohl" in await answer.text()) == (200, True)
    assert await here(house) == {"online": 0, "hall": 0}
    async with phone.post(path) as answer:
        assert (answer.status, answer.url.path) == (200, f"/hall/{LIVE}")
        assert "data-here" in await answer.text()
    assert await here(house) == {"online": 0, "hall": 1}
    assert await goes_to(phone, path) == f"/hall/{LIVE}"


async def test_a_badge_is_its_owners_alone_and_dies_with_the_link(house: House, phone: aiohttp.ClientSession) -> None:
    mark = house.site.tokens.badge(await link_of(house, BERND))
    assert await goes_to(phone, f"{await house.link(ANNA)}?badge={mark}") == "/me"
    async with phone.post(f"/hall/{LIVE}/{mark}") as answer:
        assert "data-here" not in await answer.text()
    assert await here(house) == {"online": 0, "hall": 0}
    async with phone.get(f"/hall/{LIVE}") as answer:  # who was never checked in is told how to come in
        assert (answer.status, "conf-in-hall" in await answer.text()) == (200, False)


async def test_who_scans_first_and_opens_the_own_link_then_is_led_back(
    house: House, phone: aiohttp.ClientSession
) -> None:
    async with await house.browser(None) as screen, screen.get(f"/venue/{LIVE}/code") as answer:
        path = str((await answer.json())["url"]).removeprefix(house.url)
    async with phone.get(path) as answer:
        assert "Violetta" not in await answer.text()
    assert await goes_to(phone, await house.link(ANNA)) == path
    async with phone.post(path) as answer:
        assert answer.url.path == f"/hall/{LIVE}"
    assert await here(house) == {"online": 0, "hall": 1}


async def test_an_address_that_is_mistyped_stays_in_its_field(house: House, phone: aiohttp.ClientSession) -> None:
    async with await house.browser(None) as screen, screen.get(f"/venue/{LIVE}/code") as answer:
        path = str((await answer.json())["url"]).removeprefix(house.url)
    async with phone.post(path, data={"email": 'violeta"<b>@example.org'}) as answer:
        assert 'value="violeta&#34;&lt;b&gt;@example.org"' in await answer.text()
    assert await here(house) == {"online": 0, "hall": 0}


async def test_the_phone_goes_along_with_the_day_and_leaves(house: House, phone: aiohttp.ClientSession) -> None:
    anna, bernd = await house.enter(ANNA, LIVE), await house.enter(BERND, LIVE)
    assert await bernd.refused("hall.arrive", session=LIVE) == "hall.unknown"
    path = await goes_to(phone, await badge(house, ANNA))
    async with phone.post(path) as answer:
        assert answer.status == 200
    for _ in range(2):
        await anna.do("hall.arrive", session=NEXT)
    assert await here(house, NEXT) == {"online": 0, "hall": 1}
    await anna.do("hall.leave", session=NEXT)
    assert await here(house, NEXT) == {"online": 0, "hall": 0}
    production = await house.enter(PRODUCTION, LIVE)
    assert await production.refused("hall.arrive", session=LIVE) == "not_allowed"


async def test_screens_get_the_votes_as_they_grow_and_the_audience_does_not(house: House) -> None:
    moderator = await house.enter(MODERATOR, LIVE)
    await moderator.do("session.move", session=LIVE, to="live")
    await moderator.do("poll.open", session=LIVE, poll="lage")
    anna, speaker = await house.enter(ANNA, LIVE), await house.enter(SPEAKER, LIVE)
    screen, overlay = await house.enter(None, LIVE), await house.enter(PRODUCTION, LIVE)
    await anna.do("poll.vote", session=LIVE, poll="lage", run=1, choice=2)

    def tally(client: Any) -> Any:
        body = client.last_signal("tally")
        return body and (body["voted"], body.get("counts"))

    for client in (screen, overlay, moderator):
        await until(lambda client=client: tally(client) == (1, [0, 0, 1, 0, 0]))  # type: ignore[misc]
    for client in (anna, speaker):
        await until(lambda client=client: tally(client) == (1, None))  # type: ignore[misc]
    for client, shown in ((screen, True), (anna, False)):
        snapshot = await client.do("page.snapshot", session=LIVE)
        assert ("counts" in snapshot["signals"]["tallies"]["lage"]) is shown


async def test_the_moderation_chooses_what_screens_show(house: House) -> None:
    moderator, screen = await house.enter(MODERATOR, LIVE), await house.enter(None, LIVE)
    for _ in range(2):
        await moderator.do("direction.screen", session=LIVE, screen="turnout")
    await until(lambda: screen.heard("show.screen") == [{"screen": "turnout"}])
    assert await moderator.refused("direction.screen", session=LIVE, screen="nothing") == "bad_request"
    assert await screen.refused("direction.screen", session=LIVE, screen="auto") == "not_allowed"
    snapshot = await screen.do("page.snapshot", session=LIVE)
    assert (snapshot["show"]["screen"], "show" in snapshot["me"]["may"]) == ("turnout", True)


async def test_a_link_opens_a_screen_for_those_who_may_show(house: House, phone: aiohttp.ClientSession) -> None:
    assert await goes_to(phone, f"{await house.link(ANNA)}?to=overlay") == "/me"
    where = await goes_to(phone, f"{await house.link(PRODUCTION)}?to=overlay")
    assert where.startswith("/overlay?as=")
    assert (await goes_to(phone, where)).startswith("/overlay/ankommen?as=")


async def test_a_screens_cookie_lives_on_from_now(house: House) -> None:
    async with await house.browser(None) as screen, screen.get(f"/venue/{LIVE}/code") as answer:
        [cookie] = answer.headers.getall("Set-Cookie")
        assert cookie.startswith("visitor-l-")
        assert "Max-Age=2592000" in cookie


async def test_badges_ten_on_a_sheet_with_the_own_link_for_the_organiser(house: House) -> None:
    async with await house.browser(ORGANISER) as browser:
        async with browser.get("/organise/badges") as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            page = await answer.text()
        async with browser.get("/organise/badges?q=violetta+kohl") as answer:
            one = await answer.text()
    people = page.count('class="name-badge"')
    assert people > 90
    assert page.count('class="badges"') == -(-people // PER_SHEET)
    assert "Saalbild" not in page  # a screen wears no badge
    assert (one.count('class="name-badge"'), str(qr(await badge(house, ANNA), "l")) in one) == (1, True)
