"""Every route × every role × foreign sessions, rooms, people and resources: refused, and nothing happens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from conference.exporting import WHATS
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, PRODUCTION, SPEAKER, House, open_house, until
from tests.web.test_doors import JSON, SDP, dump

LIVE, GROUPS = "live-1", "arbeitsgruppen"
ROLES = {
    "participant": BERND, "speaker": SPEAKER, "moderator": MODERATOR, "moderator of a group": "ag1@example.org",
    "organiser": ORGANISER, "production": PRODUCTION, "venue": None,
}  # fmt: skip
ALL = frozenset(ROLES)
STAGE = frozenset({"moderator", "organiser"})
SCREEN = STAGE | {"production", "venue"}
PERSON, LINK, FEED, GROUP_FEED = "PERSON", "LINK", "FEED", "GROUP_FEED"
"""Put in when the day is set up: somebody, a link of theirs, what somebody sends on stage and in a room."""
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag", **JSON}


@dataclass(frozen=True)
class Rule:
    """Who gets in at `right`; everybody else is answered `else_`. At `foreign` addresses nobody gets in."""

    right: str
    who: frozenset[str] = frozenset()
    foreign: tuple[str, ...] = ()
    else_: int = 403


def _organise(path: str, *foreign: str) -> Rule:
    return Rule(path, frozenset({"organiser"}), foreign)


RULES: dict[str, Rule] = {
    "GET /me": Rule("/me", ALL),
    "GET /s/{session}": Rule("/s/live-1", ALL, ("/s/live-9", "/s/ag1")),
    "GET /s/{session}/moderation": Rule("/s/live-1/moderation", STAGE, ("/s/live-9/moderation",)),
    "GET /s/{session}/backstage": Rule("/s/live-1/backstage", STAGE | {"speaker"}, ("/s/live-9/backstage",)),
    "GET /venue": Rule("/venue", SCREEN | {"moderator of a group"}),
    "GET /overlay": Rule("/overlay", SCREEN | {"moderator of a group"}),
    "GET /venue/{session}": Rule("/venue/live-1", SCREEN, ("/venue/live-9",)),
    "GET /overlay/{session}": Rule("/overlay/live-1", SCREEN, ("/overlay/live-9",)),
    "GET /venue/{session}/code": Rule("/venue/live-1/code", SCREEN, ("/venue/live-9/code",)),
    "GET /regie/{session}": Rule("/regie/live-1", STAGE | {"production"}, ("/regie/live-9",)),
    "GET /hall/{session}": Rule("/hall/live-1", ALL - {"production", "venue"}, ("/hall/live-9",)),
    "GET /organise": _organise("/organise"),
    "GET /organise/people": _organise("/organise/people"),
    "POST /organise/people/import": _organise("/organise/people/import"),
    "GET /organise/people/{person}": _organise(f"/organise/people/{PERSON}", "/organise/people/p-nobody"),
    "POST /organise/people/{person}/links/{link}/{verb}": _organise(
        f"/organise/people/{PERSON}/links/{LINK}/revoke",
        f"/organise/people/{PERSON}/links/l-nobody/revoke",
        f"/organise/people/p-nobody/links/{LINK}/revoke",
        f"/organise/people/{PERSON}/links/{LINK}/delete",
    ),
    "GET /organise/results": _organise("/organise/results"),
    "GET /organise/badges": _organise("/organise/badges"),
    "GET /organise/films": _organise("/organise/films"),
    "POST /organise/films/{session}/{part}": _organise("/organise/films/live-2/krise-als-chance"),
    "POST /organise/films/{session}/{part}/remove": _organise("/organise/films/live-2/krise-als-chance/remove"),
    **{
        f"GET /organise/export/{what}": _organise(f"/organise/export/{what}.csv", f"/organise/export/{what}.exe")
        for what in ("attendance", "feedback", "polls", "questions", "boards", "chat")
    },
    "GET /organise/export/log": Rule("/organise/export/log.csv", STAGE | {"moderator of a group"}),
    "GET /film/{key}": Rule(f"/film/{'k' * 32}", else_=404),
    "GET /film/{key}/subtitles": Rule(f"/film/{'k' * 32}/subtitles", else_=404),
    "POST /whip/{session}": Rule("/whip/live-1", frozenset({"speaker", "production"}), ("/whip/live-9",)),
    "POST /whip/{session}?group": Rule("/whip/arbeitsgruppen?group=ag2", foreign=("/whip/live-9?group=ag2",)),
    "POST /whip/{session}?group of nobody": Rule("/whip/arbeitsgruppen?group=gibt-es-nicht"),
    "POST /whip/{session}?group elsewhere": Rule("/whip/live-1?group=ag2", else_=404),
    "POST /whep/{session}": Rule("/whep/live-1", ALL, ("/whep/live-9",)),
    "POST /whep/{session}?room": Rule("/whep/live-1?room=backstage", SCREEN - {"venue"} | {"speaker"}),
    "POST /whep/{session}?group": Rule("/whep/arbeitsgruppen?group=ag2", foreign=("/whep/live-9?group=ag2",)),
    "POST /whep/{session}?group of nobody": Rule("/whep/arbeitsgruppen?group=gibt-es-nicht"),
    "POST /whep/{session}?group elsewhere": Rule("/whep/live-1?group=ag2", else_=404),
    "PATCH /media/{resource}": Rule(f"/media/{FEED}", else_=404, foreign=(f"/media/{GROUP_FEED}", "/media/x")),
    "PUT /media/{resource}/sizes": Rule(
        f"/media/{FEED}/sizes", else_=404, foreign=(f"/media/{GROUP_FEED}/sizes", "/media/x/sizes")
    ),
    "DELETE /media/{resource}": Rule(f"/media/{FEED}", else_=404, foreign=(f"/media/{GROUP_FEED}", "/media/x")),
}
OPEN = {
    "GET /": "says what this is",
    "GET /j/{token}": "the link is the key",
    "GET /calendar/{token}.ics": "the link is the key",
    "GET /hall/{session}/{code}": "the code on the hall's screen is the key",
    "POST /hall/{session}/{code}": "the code on the hall's screen is the key",
    "OPTIONS /whip/{session}": "says what may be posted",
    "OPTIONS /whep/{session}": "says what may be posted",
    "GET /healthz": "operations",
    "GET /readyz": "operations",
    "GET /metrics": "operations",
    "GET /static": "no secrets",
    "GET /socket.io/": "the gateway",
    "POST /socket.io/": "the gateway",
    "OPTIONS /socket.io/": "the gateway",
}
"""Routes that ask for no cookie, and why."""
WITHOUT = ("/j/x.y.z", "/calendar/x.y.z.ics", "/hall/live-1/wrong", "/hall/live-9/wrong")


class Doors:
    """A day on which people send on stage and in rooms, and its addresses."""

    def __init__(self, house: House, names: dict[str, str]) -> None:
        self.house, self._names = house, names

    def path(self, path: str) -> str:
        """The address with ids put in."""
        for name, value in self._names.items():
            path = "/".join(value if part == name else part for part in path.split("/"))
        return path

    async def knock(self, browser: aiohttp.ClientSession, route: str, path: str) -> int:
        """Ask as a program would; the status."""
        method = route.split()[0]
        how: dict[str, Any] = {"headers": JSON}
        if "/wh" in path:
            how = {"headers": {**SDP, **JSON}, "data": "v=0"}
        elif method == "PATCH":
            how = {"headers": FRAGMENT, "data": "a=ice-ufrag:x"}
        elif method == "PUT":
            how = {"headers": JSON, "json": [90]}
        async with browser.request(method, self.path(path), allow_redirects=False, **how) as answer:
            if answer.status >= 400 and method != "GET":
                assert (await answer.json())["ok"] is False
            return answer.status


@pytest.fixture
async def doors(house: House) -> Doors:
    staff, anna, bernd = await house.enter(MODERATOR, GROUPS), await house.enter(ANNA, GROUPS), await house.enter(BERND)
    ids = {name: (await client.do("page.snapshot", session=None))["me"] for name, client in (("a", anna), ("b", bernd))}
    for name, room in (("a", "ag2"), ("b", "ag4")):
        await staff.do("breakouts.move", session=GROUPS, person=ids[name]["id"], room=room)
    await staff.do("breakouts.start", session=GROUPS, minutes=30)
    await staff.do("session.move", session=LIVE, to="live")
    house.clock.turn(21)
    await until(lambda: (anna.heard("breakouts.changed") or [{"round": {}}])[-1]["round"].get("phase") == "open")
    other = await house.enter("susi.moebbeck@example.org", LIVE)
    await other.do("stage.enter", session=LIVE, source="camera")
    feeds = {}
    for name, email, path in ((FEED, "susi.moebbeck@example.org", "/whip/live-1"),
                              (GROUP_FEED, ANNA, "/whip/arbeitsgruppen?group=ag2")):  # fmt: skip
        async with await house.browser(email) as browser, browser.post(path, data="v=0", headers=SDP) as answer:
            assert answer.status == 201
            feeds[name] = answer.headers["Location"].rsplit("/", 1)[1]
    return Doors(house, {**feeds, PERSON: ids["a"]["id"], LINK: ids["a"]["handle"]})


def test_every_route_is_known_here(house: House) -> None:
    resources = [(route.method, route.resource) for route in house.runner.app.router.routes()]  # type: ignore[union-attr]
    routes = {f"{method} {resource.canonical}" for method, resource in resources if resource and method != "HEAD"}
    known = {route.partition("?")[0] for route in RULES if not route.startswith("GET /organise/export/")}
    assert routes == known | set(OPEN) | {"GET /organise/export/{what}.{form}"}
    assert {route.rpartition("/")[2] for route in RULES if route.startswith("GET /organise/export/")} == set(WHATS)


async def test_nobody_gets_further_than_the_role_leads(doors: Doors) -> None:
    before, sending = await dump(doors.house), dict(doors.house.engine.open)
    wrong = []
    for role, email in ROLES.items():
        async with await doors.house.browser(email) as browser:
            for route, rule in RULES.items():
                tried = [] if role in rule.who else [(rule.right, {rule.else_})]
                tried += [(path, {404} if role in rule.who else {403, 404}) for path in rule.foreign]
                for path, wanted in tried:
                    status = await doors.knock(browser, route, path)
                    if status not in wanted:
                        wrong.append((role, route, path, status, wanted))
    assert wrong == [], "\n".join(map(str, wrong))
    assert await dump(doors.house) == before
    assert doors.house.engine.open == sending


async def test_each_page_opens_for_those_who_may_see_it(doors: Doors) -> None:
    wrong = []
    for role, email in ROLES.items():
        async with await doors.house.browser(email) as browser:
            for route, rule in RULES.items():
                if role in rule.who and route.startswith("GET "):
                    status = await doors.knock(browser, route, rule.right)
                    if status not in (200, 303):
                        wrong.append((role, route, status))
    assert wrong == [], "\n".join(map(str, wrong))


async def test_without_a_link_or_with_one_of_another_conference_nothing_opens(doors: Doors, tmp_path: Path) -> None:
    elsewhere = tmp_path / "another conference"
    elsewhere.mkdir()
    before = await dump(doors.house)
    async with open_house(elsewhere) as other, await other.browser(ORGANISER) as theirs:
        value = "; ".join(f"{cookie.key}={cookie.value}" for cookie in theirs.cookie_jar)
        bearer = (await other.link(ORGANISER)).rsplit("/", 1)[1]
        for headers in ({}, {"Cookie": value}, {"Authorization": f"Bearer {bearer}"}):
            async with aiohttp.ClientSession(doors.house.url, headers=headers) as stranger:
                for route, rule in RULES.items():
                    for path in (rule.right, *rule.foreign):
                        status = await doors.knock(stranger, route, path)
                        assert status == 401 or (status == 404 and path in rule.foreign), (route, path, status)
                async with stranger.get(f"/j/{bearer}", headers=JSON, allow_redirects=False) as answer:
                    assert (answer.status, "Set-Cookie" in answer.headers) == (404, False)
                for path in WITHOUT:
                    async with stranger.get(path, headers=JSON, allow_redirects=False) as answer:
                        assert answer.status in (200, 404), path
                        assert "Set-Cookie" not in answer.headers
    assert await dump(doors.house) == before
