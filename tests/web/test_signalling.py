"""Media signalling under fire: too many requests of one person, and requests that make no sense."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from conference.media.limits import ASKED, ASKED_BURST, MAX_PER_OWNER, MAX_REMEMBERED, Pace, check_share
from tests.house import ANNA, BERND, MODERATOR, House

FRAGMENT = "application/trickle-ice-sdpfrag"
PROGRAM = {"Accept": "application/json"}
SDP = {"Content-Type": "application/sdp", **PROGRAM}
OFFER: dict[str, Any] = {"data": "v=0", "headers": SDP}


async def live(house: House) -> None:
    """The session begins."""
    moderator = await house.enter(MODERATOR, "live-1")
    await moderator.do("session.move", session="live-1", to="live")


async def test_who_asks_too_often_is_refused_and_nobody_else(house: House) -> None:
    """ASVS 5.0, 17.3.1: offers, fragments and sizes of one person count together, from all of his devices."""
    await live(house)
    async with (
        await house.browser(ANNA) as anna,
        await house.browser(ANNA) as again,
        await house.browser(BERND) as bernd,
    ):
        began = asyncio.get_running_loop().time()

        async def ask(i: int) -> int:
            person = (anna, again)[i % 2]
            asking = (
                person.post("/whep/live-1", **OFFER)
                if i % 3
                else person.put("/media/x/sizes", data="[1]", headers=PROGRAM)
            )
            async with asking as answer:
                if answer.status == 429:
                    assert (await answer.json())["error"]["code"] == "rate_limited"
                return answer.status

        statuses = Counter(await asyncio.gather(*(ask(i) for i in range(200))))
        seconds = asyncio.get_running_loop().time() - began
        assert statuses[429] >= 200 - ASKED_BURST - ASKED * seconds - 1
        assert statuses[201] > 0
        async with bernd.post("/whep/live-1", **OFFER) as answer:
            assert answer.status == 201
            resource = answer.headers["Location"]
        for _ in range(2):  # what the server ended already is ended, for its owner
            async with bernd.delete(resource) as answer:
                assert answer.status == 200
        async with anna.delete(resource) as answer:
            assert answer.status == 404


def test_whoever_rests_may_ask_again_and_is_forgotten() -> None:
    pace = Pace()
    assert sum(pace.allows("anna", 0.0) for _ in range(1000)) == ASKED_BURST
    assert sum(pace.allows("anna", 2.0) for _ in range(1000)) == 2 * ASKED
    assert all(pace.allows(f"person-{i}", 3.0) for i in range(3 * MAX_REMEMBERED))
    assert pace.allows("bernd", 100.0)
    assert list(pace._buckets) == ["bernd"]


NONSENSE: dict[str, tuple[dict[str, str], bytes, int]] = {
    "not UTF-8": (SDP, b"v=0\r\n\xff\xfe", 400),
    "another type": ({"Content-Type": "application/json", **PROGRAM}, b"{}", 415),
    "no type": ({"Content-Type": "", **PROGRAM}, b"v=0", 415),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded", **PROGRAM}, b"v=0", 415),
    "too large": (SDP, b"v" * 200_000, 413),
    "much too large": (SDP, b"v" * 1_000_000, 413),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_requests_that_make_no_sense_are_answered_and_change_nothing(house: House, name: str) -> None:
    """ASVS 5.0, 17.3.2."""
    headers, body, status = NONSENSE[name]
    await live(house)
    async with await house.browser(ANNA) as anna:
        for method, path in (("POST", "/whep/live-1"), ("POST", "/whip/live-1"), ("PATCH", "/media/nothing")):
            wanted = {**headers, "Content-Type": FRAGMENT} if method == "PATCH" and headers is SDP else headers
            async with anna.request(method, path, data=body, headers=wanted) as answer:
                assert (answer.status, (await answer.json())["ok"]) == (status, False)
        async with anna.post("/whep/live-1", **OFFER) as answer:
            assert answer.status == 201


async def test_a_full_server_says_come_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many connections of one person are no defect of the page: 503, and when to try again."""

    async def full(*_: object, **__: object) -> None:
        check_share("anna", [Held()] * MAX_PER_OWNER)

    await live(house)
    monkeypatch.setattr(house.engine, "view", full)
    async with await house.browser(ANNA) as anna, anna.post("/whep/live-1", **OFFER) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert (await answer.json())["error"]["code"] == "media.full"


class Held:
    """A connected resource of Anna's."""

    owner, half_open = "anna", False
