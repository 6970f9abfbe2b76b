"""The doors: opening links, whose page it is, who is shown what, and how a link is taken away."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest

from conference.people.tables import LinkRow
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, PRODUCTION, SPEAKER, House, until

SDP = {"Content-Type": "application/sdp"}
JSON = {"Accept": "application/json"}


async def dump(house: House) -> list[str]:
    """Everything in the database."""
    async with house.store.reading() as db:
        raw = await (await db.connection()).get_raw_connection()
        return [line async for line in raw.driver_connection.iterdump()]


async def get(browser: aiohttp.ClientSession, path: str, **how: Any) -> tuple[int, str]:
    async with browser.get(path, **how) as answer:
        return answer.status, await answer.text(errors="replace")


# --- opening ----------------------------------------------------------------------------------------------------------

LEADS_TO = [
    (ANNA, None, "/me"),
    (ANNA, "live-1", "/s/live-1"),
    (ANNA, "feedback", "/s/feedback"),
    (SPEAKER, "live-1", "/s/live-1"),
    (MODERATOR, None, "/me"),
    (ORGANISER, None, "/organise"),
    (None, None, "/venue"),
    (None, "live-1", "/venue/live-1"),
]


@pytest.mark.parametrize(("email", "session", "path"), LEADS_TO)
async def test_a_link_sets_a_cookie_and_leads_to_a_page_without_the_secret(
    house: House, email: str | None, session: str | None, path: str
) -> None:
    link = await house.link(email, session)
    async with house.http.get(link, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, path)
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        cookies = answer.headers.getall("Set-Cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)
    token = link.rsplit("/", 1)[1]
    assert not any(token in cookie for cookie in cookies)


async def test_opening_links_and_pages_changes_nothing(house: House) -> None:
    paths = ["/", "/me", "/s/live-1", "/s/feedback", "/s/live-1/moderation", "/s/live-1/backstage", "/venue/live-1"]
    paths += ["/organise", "/organise/people", "/organise/results", "/metrics", "/readyz"]
    before = await dump(house)
    for email in (ANNA, ORGANISER):
        link = await house.link(email)
        for _ in range(3):
            async with house.http.head(link, allow_redirects=False) as answer:
                assert answer.status == 303
            async with await house.browser(email) as browser:
                for path in paths:
                    await get(browser, path)
                assert (await get(browser, link.replace("/j/", "/calendar/") + ".ics"))[0] == 200
    assert await dump(house) == before


async def test_no_secret_lies_in_the_data_directory(house: House) -> None:
    async with await house.browser(ANNA) as browser:
        values = [cookie.value for cookie in browser.cookie_jar if len(cookie.value) > 40]
    tokens = [str(link["url"]).rsplit("/", 1)[1] for link in await house.links()]
    assert (len(values), len(tokens) > 700) == (1, True)
    kept = b"".join(path.read_bytes() for path in house.data.iterdir() if path.is_file())
    assert not any(secret.encode() in kept for secret in [*values, *tokens])
    signatures = [token.rsplit(".", 1)[1] for token in tokens]
    assert not any(signature.encode() in kept for signature in signatures)


async def test_a_tampered_link_opens_nothing(house: House) -> None:
    link = await house.link(ANNA)
    other = await house.link(ORGANISER)
    name, nonce, signature = link.rsplit("/", 1)[1].split(".")
    theirs = other.rsplit("/", 1)[1].split(".")
    tampered = [
        f"{theirs[0]}.{nonce}.{signature}",
        f"{name}.{theirs[1]}.{signature}",
        f"{name}.{nonce}.{theirs[2]}",
        f"{name}.{nonce}",
        f"{name}.{nonce}.",
        f"{name}.{nonce}.{signature}x",
        "l-1",
        "%00",
    ]
    for token in tampered:
        async with house.http.get(f"/j/{token}", headers=JSON, allow_redirects=False) as answer:
            assert "Set-Cookie" not in answer.headers
            assert (await answer.json())["error"]["code"] == "link_invalid", token


async def test_no_parameter_makes_anybody_somebody_else(house: House) -> None:
    organiser = (await house.link(ORGANISER)).rsplit("/", 1)[1].split(".")[0]
    for query in (f"as={organiser}", "role=organiser", "may=organise", f"as={organiser}&role=organiser"):
        link = await house.link(ANNA)
        async with aiohttp.ClientSession(house.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            await get(browser, f"{link}?{query}", allow_redirects=False)
            for path in ("/organise", "/s/live-1/moderation", "/organise/export/attendance.csv"):
                status, _ = await get(browser, f"{path}?{query}")
                assert status in (401, 403), (path, query)


async def test_two_people_in_one_browser_keep_apart(house: House) -> None:
    async with await house.browser(ANNA) as browser:
        async with browser.get(await house.link(BERND), allow_redirects=False) as answer:
            assert re.fullmatch(r"/me\?as=l-[a-z0-9]+", answer.headers["Location"])
            theirs = answer.headers["Location"]
        async with browser.get(await house.link(ANNA), allow_redirects=False) as answer:
            mine = answer.headers["Location"]
        assert "Violetta Kohl" in (await get(browser, mine))[1]
        bernd = (await get(browser, theirs))[1]
        assert ("Felix Gröttner" in bernd, "Violetta Kohl" in bernd) == (True, False)
        assert f"as={theirs.split('=')[1]}" in bernd


async def test_my_own_page_holds_my_links_and_nobody_elses(house: House) -> None:
    mine = {str(link["url"]) for link in await house.links() if link["email"] == ANNA}
    async with await house.browser(ANNA) as browser:
        page = (await get(browser, "/me"))[1]
    shown = set(re.findall(r"http://[^\"'<>\s]+/j/[\w.-]+", page))
    assert shown <= mine
    async with await house.browser(ANNA, "live-1") as browser:
        page = (await get(browser, "/me"))[1]
    assert set(re.findall(r"http://[^\"'<>\s]+/j/[\w.-]+", page)) <= {await house.link(ANNA, "live-1")}


# --- who sees which page ----------------------------------------------------------------------------------------------

EVERYBODY = {ANNA, SPEAKER, MODERATOR, ORGANISER, PRODUCTION}
PAGES: dict[str, set[str]] = {
    "/me": EVERYBODY,
    "/s/live-1": EVERYBODY,
    "/s/feedback": EVERYBODY,
    "/s/live-1/moderation": {MODERATOR, ORGANISER},
    "/s/live-1/backstage": {SPEAKER, MODERATOR, ORGANISER},
    "/venue/live-1": {MODERATOR, ORGANISER, PRODUCTION},
    "/venue/live-1/code": {MODERATOR, ORGANISER, PRODUCTION},
    "/overlay/live-1": {MODERATOR, ORGANISER, PRODUCTION},
    "/organise": {ORGANISER},
    "/organise/badges?q=kohl": {ORGANISER},
    "/organise/people": {ORGANISER},
    "/organise/people?q=kohl": {ORGANISER},
    "/organise/results": {ORGANISER},
    "/organise/export/attendance.csv": {ORGANISER},
    "/organise/export/feedback.xlsx": {ORGANISER},
    "/organise/export/polls.json": {ORGANISER},
}


async def test_each_page_opens_for_those_who_may_see_it(house: House) -> None:
    for email in sorted(EVERYBODY):
        async with await house.browser(email) as browser:
            seen = {path: (await get(browser, path))[0] for path in PAGES}
        assert seen == {path: 200 if email in who else 403 for path, who in PAGES.items()}, email


async def test_the_halls_screen_is_led_to_the_session_that_is_on(house: House) -> None:
    async with await house.browser(None) as browser:
        async with browser.get("/venue", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/venue/ankommen")
        async with browser.get("/s/live-1", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/venue/live-1")
        assert (await get(browser, "/venue/live-1"))[0] == 200
        assert (await get(browser, "/organise"))[0] == 403


async def test_a_person_of_the_organisers_list_has_a_page(house: House) -> None:
    async with await house.browser(ORGANISER) as browser:
        page = (await get(browser, "/organise/people"))[1]
        person = re.search(r"/organise/people/(p-[a-z0-9]+)", page)
        assert person is not None
        status, page = await get(browser, person[0])
        assert (status, page.count("/j/l-") >= 7) == (200, True)
        assert (await get(browser, "/organise/people/p-nobody"))[0] == 404


async def test_without_a_link_nothing_opens(house: House) -> None:
    for path in PAGES:
        status, page = await get(house.http, path, headers={"Accept": "text/html"})
        assert (status, "Violetta" in page) == (401, False), path
        async with house.http.get(path, headers=JSON) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("path", ["/nothing", "/s/live-9", "/venue/live-9", "/s/live-1/nothing"])
async def test_what_does_not_exist_is_not_found(house: House, path: str) -> None:
    async with await house.browser(ORGANISER) as browser:
        status, page = await get(browser, path)
        assert (status, "<html" in page) == (404, True)
        async with browser.get(path, headers=JSON) as answer:
            error = (await answer.json())["error"]
        assert (error["code"], sorted(error)) == ("not_found", ["address", "code", "message"])


async def test_foreign_pages_change_nothing(house: House) -> None:
    async with await house.browser(ORGANISER) as browser:
        headers = {"Origin": "https://evil.example", **JSON}
        async with browser.post("/organise/people/import", headers=headers, data={"people": "x"}) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (403, "foreign_origin")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_every_answer_is_dressed(house: House) -> None:
    async with await house.browser(ANNA) as browser:
        for path in ("/", "/me", "/organise", "/nothing", "/static/js/boot.js"):
            async with browser.get(path, allow_redirects=False) as answer:
                assert "default-src 'self'" in answer.headers["Content-Security-Policy"], path
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


# --- taking a link away -----------------------------------------------------------------------------------------------


async def _change(house: House, email: str, verb: str) -> None:
    async with house.store.reading() as db:
        token = (await house.link(email)).rsplit("/", 1)[1]
        found = await house.site.doorman.by_token(token)
        assert found is not None
        assert await db.get(LinkRow, found[0].id) is not None
    path = f"/organise/people/{found[1].public_id}/links/{found[0].public_id}/{verb}"
    async with await house.browser(ORGANISER) as browser, browser.post(path, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/organise/people/{found[1].public_id}")


@pytest.mark.parametrize("verb", ["revoke", "reissue"])
async def test_taking_a_link_away_cuts_sockets_and_media_at_once(house: House, verb: str) -> None:
    moderator = await house.enter(MODERATOR, "live-1")
    await moderator.do("session.move", session="live-1", to="backstage")
    speaker, phone = await house.enter(SPEAKER, "live-1"), await house.enter(SPEAKER, "live-1")
    elsewhere = await house.enter(SPEAKER, "live-1", link="live-1")
    await speaker.do("session.join", session="live-1")
    await speaker.do("stage.enter", session="live-1", source="camera")
    old = await house.link(SPEAKER)
    async with await house.browser(SPEAKER) as browser:
        for path in ("/whip/live-1", "/whep/live-1"):
            async with browser.post(path, data="v=0", headers=SDP) as answer:
                assert answer.status == 201
        assert sorted(house.engine.open.values()) == ["feed-camera", "view-stage-live-1"]
        await _change(house, SPEAKER, verb)
        await until(lambda: not speaker.sio.connected and not phone.sio.connected, 2)
        assert house.engine.open == {}
        assert (speaker.byes, phone.byes) == ([{"reason": "revoked"}], [{"reason": "revoked"}])
        assert elsewhere.sio.connected
        assert (await get(browser, "/me"))[0] == 401
        async with browser.post("/whip/live-1", data="v=0", headers={**SDP, **JSON}) as answer:
            assert answer.status == 401
    async with house.http.get(old, headers=JSON, allow_redirects=False) as answer:
        assert (await answer.json())["error"]["code"] == "link_invalid"
    people = await moderator.do("session.people", session="live-1")
    assert people == []
    if verb == "reissue":
        assert await house.link(SPEAKER) != old
        again = await house.enter(SPEAKER, "live-1")
        assert again.sio.connected


async def test_an_encoder_gets_in_with_the_links_secret_for_its_session_alone(house: House) -> None:
    moderator = await house.enter(MODERATOR, "live-1")
    await moderator.do("session.move", session="live-1", to="backstage")
    key = (await house.link(PRODUCTION, "live-1")).rsplit("/", 1)[1]
    headers = {**SDP, **JSON, "Authorization": f"Bearer {key}"}
    async with house.http.post("/whip/live-1", data="v=0", headers=headers) as answer:
        assert answer.status == 201
        place = answer.headers["Location"]
    async with house.http.post("/whip/live-2", data="v=0", headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (403, "not_allowed")
    async with house.http.delete(place, headers={**headers, "Authorization": "Bearer x"}) as answer:
        assert answer.status == 401
    async with house.http.delete(place, headers=headers) as answer:
        assert answer.status == 200
    assert house.engine.open == {}


async def test_everybody_hears_goodbye_when_the_server_stops(house: House) -> None:
    anna = await house.enter(ANNA, "live-1")
    await house.runner.cleanup()
    await until(lambda: anna.byes)
    assert anna.byes == [{"reason": "shutdown"}]
