"""TURN servers: who is told of them, how, and for how long what is told holds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from conference.config import load
from conference.core.errors import ConferenceError
from tests.house import MODERATOR, PRODUCTION, START, House, open_house

URLS = "turn:turn.example.org:3478?transport=udp, turns:[2001:db8::7]:5349"
SECRET = "a secret that both know"
SDP = {"Content-Type": "application/sdp"}
LINK = re.compile(
    r'<(?P<url>[^>]+)>; rel="ice-server"; username="(?P<username>[^"]+)"; credential="(?P<credential>[^"]+)"; '
    r'credential-type="password"'
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A conference with TURN servers."""
    async with open_house(tmp_path, turn_urls=URLS, turn_secret=SECRET) as house:
        yield house


def servers(answer: aiohttp.ClientResponse) -> list[dict[str, str]]:
    """What an answer's Link headers name."""
    found = [LINK.fullmatch(link) for link in answer.headers.getall("Link", [])]
    assert all(found)
    return [match.groupdict() for match in found if match]


def holds_until(username: str, credential: str) -> int:
    """When a credential expires; it must be the one that the shared secret makes."""
    digest = hmac.new(SECRET.encode(), username.encode(), hashlib.sha1).digest()
    assert credential == base64.b64encode(digest).decode()
    return int(username.split(":")[0])


async def carried(browser: aiohttp.ClientSession, path: str) -> list[dict[str, Any]]:
    """The ``iceServers`` that a page carries."""
    async with browser.get(path) as answer:
        match = re.search(r'<script type="application/json" id="ice-servers">(.*?)</script>', await answer.text())
    assert match is not None
    found: list[dict[str, Any]] = json.loads(match[1])
    return found


async def test_an_accepted_offer_is_answered_with_turn_servers(house: House) -> None:
    moderator = await house.enter(MODERATOR, "live-1")
    await moderator.do("session.move", session="live-1", to="backstage")
    token = (await house.link(PRODUCTION)).rsplit("/", 1)[1]
    bearer = {**SDP, "Authorization": f"Bearer {token}"}
    async with house.http.post("/whip/live-1", data="v=0\r\n", headers=bearer) as answer:
        assert answer.status == 201
        named = servers(answer)
    assert [server["url"] for server in named] == [url.strip() for url in URLS.split(",")]
    until = {holds_until(server["username"], server["credential"]) for server in named}
    assert until == {int(START.timestamp()) + 12 * 3600}


async def test_options_name_them_to_people_with_a_link_alone(house: House) -> None:
    browser = await house.browser(MODERATOR)
    async with browser.options("/whep/live-1") as answer:
        assert (answer.status, len(servers(answer))) == (204, 2)
    await browser.close()
    for headers in ({}, {"Authorization": "Bearer guessed"}):
        async with house.http.options("/whep/live-1", headers=headers) as answer:
            assert (answer.status, servers(answer)) == (204, [])
            assert answer.headers["Accept-Post"] == "application/sdp"


async def test_pages_carry_them(house: House) -> None:
    browser = await house.browser(MODERATOR)
    (server,) = await carried(browser, "/s/live-1/moderation")
    assert server["urls"] == [url.strip() for url in URLS.split(",")]
    assert holds_until(server["username"], server["credential"]) > START.timestamp()
    (again,) = await carried(browser, "/s/live-1/moderation")
    assert again["username"] != server["username"]
    await browser.close()
    async with house.http.get("/") as answer:
        assert "ice-servers" not in await answer.text()


async def test_the_name_of_a_person_is_not_in_it(house: House) -> None:
    browser = await house.browser(MODERATOR)
    (server,) = await carried(browser, "/me")
    await browser.close()
    assert re.fullmatch(r"\d+:[0-9a-f]{16}", server["username"])


async def test_without_settings_nobody_is_named(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        browser = await house.browser(MODERATOR)
        assert await carried(browser, "/me") == []
        async with browser.options("/whep/live-1") as answer:
            assert "Link" not in answer.headers
        await browser.close()


@pytest.mark.parametrize(
    "url",
    ["turn:turn.example.org", "turns:turn.example.org:443?transport=tcp", "turn:192.0.2.1:3478", "turn:[2001:db8::1]"],
)
def test_turn_addresses(url: str) -> None:
    settings = load({}, {"CONFERENCE_TURN_URLS": url, "CONFERENCE_TURN_SECRET": SECRET})
    assert settings.turn_servers == [url]


@pytest.mark.parametrize(
    ("urls", "secret"),
    [
        ("turn:turn.example.org", ""),
        ("", SECRET),
        ("stun:stun.example.org", SECRET),
        ("https://turn.example.org", SECRET),
        ("turn://turn.example.org", SECRET),
        ("turn:turn.example.org?transport=sctp", SECRET),
        ('turn:a>; rel="next', SECRET),
        ("turn:turn.example.org\r\nX: y", SECRET),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(urls: str, secret: str) -> None:
    with pytest.raises(ConferenceError) as refused:
        load({"turn_urls": urls, "turn_secret": secret}, {})
    assert refused.value.code == "settings.invalid"
