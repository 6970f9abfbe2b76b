"""The gateway: order, one answer each, limits, and what hostile clients try."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import socketio

from conference.core.audience import ALL
from conference.core.facts import Told
from conference.core.roles import MAY, Permission, Role, may
from conference.hall.outbox import FACT_LIMIT, Outbox
from conference.live import gateway
from conference.live.limits import TokenBucket
from conference.live.registry import COMMANDS
from conference.polls.facts import PollEdited
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, PRODUCTION, SPEAKER, House, until
from tests.live.raw import PATH, dial, join
from tests.the_day import (
    GROUPS,
    MEMBER,
    OTHER,
    STAFF,
    draft,
    whole_day,
)
from tests.visits import Room, open_room

# --- commands ---------------------------------------------------------------------------------------------------------


async def test_commands_of_one_connection_are_carried_out_and_answered_in_order(house: House) -> None:
    async with join(house, MODERATOR, "live-1") as raw:
        for number in range(12):
            await raw.command(number, "poll.create", {"session": "live-1", **draft(question=f"Frage {number}")})
        await raw.command(99, "page.snapshot", {"session": "live-1"})
        snapshot = (await raw.answer(99))["result"]
    assert raw.order == [*range(12), 99]
    made = [poll["question"] for poll in snapshot["polls"] if poll["question"].startswith("Frage")]
    assert made == [f"Frage {number}" for number in range(12)]


SHAPES = {
    "an undeclared key": '["clock.read",{"now":true}]',
    "a wrong type": '["page.snapshot",{"session":7}]',
    "a key that is missing": '["page.snapshot",{}]',
    "no body": '["clock.read"]',
    "two bodies": '["clock.read",{},{}]',
    "a list for a body": '["clock.read",[]]',
    "a text for a body": '["clock.read","x"]',
    "null for a body": '["clock.read",null]',
    "a number for a name": "[5,{}]",
    "no name": "[]",
    "no list": "{}",
    "a text": '"clock.read"',
}


async def test_malformed_commands_are_refused_and_the_connection_goes_on(house: House) -> None:
    async with join(house, ANNA, None) as raw:
        for number, shape in enumerate(SHAPES.values()):
            await raw.send(f"42{number}{shape}")
        codes = {name: await raw.code(number) for number, name in enumerate(SHAPES)}
        await raw.command(50, "clock.read", {})
        assert await raw.code(50) == "ok"
    assert codes == dict.fromkeys(SHAPES, "bad_request")


async def test_a_binary_command_is_refused(house: House) -> None:
    async with join(house, ANNA, None) as raw:
        await raw.send('451-7["clock.read",{"_placeholder":true,"num":0}]')
        await raw.ws.send_bytes(b"\x00\x01")
        assert await raw.code(7) == "bad_request"


@pytest.mark.parametrize("packet", ['459999-7["clock.read"]', "42{", "49", 'x["clock.read"]', "4" + "2[" * 9000])
async def test_a_malformed_packet_ends_the_connection(house: House, packet: str) -> None:
    async with join(house, ANNA, None) as raw:
        await raw.send(packet)
        await raw.command(1, "clock.read", {})
        await raw.until_closed()
    await until(lambda: not house.hall.visits)


@pytest.mark.parametrize("name", ["connect", "disconnect", "message", "__class__", "poll.vote2", ""])
async def test_unknown_commands_are_refused(house: House, name: str) -> None:
    async with join(house, ANNA, "live-1") as raw:
        await raw.command(1, name, {"session": "live-1"})
        assert await raw.code(1) == "unknown_command"
        await raw.command(2, "session.join", {"session": "live-1"})
        assert await raw.code(2) == "ok"
        assert len(house.hall.visits) == 1


async def test_joining_twice_over_one_connection_changes_nothing(house: House) -> None:
    async with join(house, ANNA, "live-1") as raw:
        await raw.send('40{"session":"feedback"}')
        await raw.command(1, "clock.read", {})
        assert await raw.code(1) == "ok"
        assert [visit.session for visit in house.hall.visits.values()] == ["live-1"]


async def test_a_defect_of_ours_is_answered(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_asked: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(COMMANDS, "clock.read", dataclasses.replace(COMMANDS["clock.read"], handler=broken))
    async with join(house, ANNA, None) as raw:
        await raw.command(1, "clock.read", {})
        answer = await raw.answer(1)
    assert (answer["ok"], answer["error"]["code"], answer["error"]["address"]) == (False, "internal", "us")
    assert [record.message for record in caplog.records] == ["command failed: clock.read"]


# --- limits -----------------------------------------------------------------------------------------------------------


async def test_a_message_of_more_than_64_kb_ends_the_connection(house: House) -> None:
    async with join(house, ANNA, None) as raw:
        await raw.command(1, "clock.read", {"x": "y" * 70_000})
        await raw.until_closed()
    assert raw.answers == {}
    async with join(house, ANNA, None) as raw:
        await raw.command(1, "clock.read", {})
        assert await raw.code(1) == "ok"


def test_a_bucket_allows_a_burst_and_then_so_many_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("conference.live.limits.time", SimpleNamespace(monotonic=lambda: now))
    bucket = TokenBucket()
    assert [bucket.take() for _ in range(42)] == [True] * 40 + [False] * 2
    now = 0.1
    assert [bucket.take() for _ in range(3)] == [True] * 2 + [False]
    now = 1000.0
    assert [bucket.take() for _ in range(41)] == [True] * 40 + [False]


async def test_who_asks_too_fast_is_refused_and_in_the_end_hung_up_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conference.live.limits.time", SimpleNamespace(monotonic=lambda: 0.0))
    async with join(house, ANNA, None) as raw:
        for number in range(60):
            await raw.command(number, "clock.read", {})
        codes = [await raw.code(number) for number in range(60)]
        assert codes == ["ok"] * 40 + ["rate_limited"] * 20
        for number in range(60, 600):
            await raw.command(number, "clock.read", {})
        await raw.until_closed()
    assert len(raw.order) == len(set(raw.order))


async def test_who_never_joins_is_hung_up_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "JOIN_SECONDS", 0.1)
    monkeypatch.setattr(gateway, "GRACE_SECONDS", 0.1)
    async with dial(house) as raw:
        await raw.until_closed()


async def test_who_never_joins_cannot_stay_by_ignoring_the_goodbye(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "JOIN_SECONDS", 0.1)
    monkeypatch.setattr(gateway, "GRACE_SECONDS", 0.1)
    async with dial(house) as raw:

        async def talk() -> None:
            while True:
                await raw.send("3")
                await asyncio.sleep(0.02)

        talking = asyncio.create_task(talk())
        await raw.until_closed()
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)


async def test_who_leaves_and_keeps_the_line_is_hung_up_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with join(house, ANNA, None) as raw:
        monkeypatch.setattr(gateway, "JOIN_SECONDS", 0.1)
        monkeypatch.setattr(gateway, "GRACE_SECONDS", 0.1)
        await raw.send("41")
        await raw.until_closed()
    assert house.hall.visits == {}


async def test_who_joins_in_time_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "JOIN_SECONDS", 1.5)
    async with join(house, ANNA, None) as raw:
        await asyncio.sleep(1.6)
        await raw.command(1, "clock.read", {})
        assert await raw.code(1) == "ok"


# --- strangers --------------------------------------------------------------------------------------------------------

REFUSED = {
    "{}": "not_signed_in",
    '{"as":"l-nobody"}': "not_signed_in",
    '{"role":"organiser"}': "bad_request",
    '{"session":["live-1"]}': "bad_request",
    '{"session":"\\ud800"}': "bad_request",
    '{"since":{"day":"1"}}': "bad_request",
    '{"since":[1]}': "bad_request",
    '["live-1"]': "bad_request",
    '"live-1"': "bad_request",
}


@pytest.mark.parametrize("auth", REFUSED)
async def test_a_stranger_is_refused_with_a_code(house: House, auth: str) -> None:
    async with dial(house) as raw:
        await raw.send("40" + auth)
        packet = str(await raw.receive())
    assert packet.startswith("44")
    assert json.loads(packet[2:])["data"]["code"] == REFUSED[auth]
    assert house.hall.visits == {}


async def test_somebody_who_names_a_session_that_does_not_exist_is_refused(house: House) -> None:
    async with dial(house, ANNA) as raw:
        await raw.send('40{"session":"live-9"}')
        packet = str(await raw.receive())
    assert json.loads(packet[2:])["data"] == {
        "code": "not_found",
        "message": "Diese Veranstaltung gibt es nicht.",
        "address": "person",
    }


async def test_foreign_pages_get_no_socket(house: House) -> None:
    for origin in ("https://evil.example", "null", house.url.replace("http:", "https:")):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await house.http.ws_connect(PATH, headers={"Origin": origin})
        assert refused.value.status == 400
    async with house.http.ws_connect(PATH, headers={"Origin": house.url}) as ws:
        assert (await ws.receive_str()).startswith("0{")


# --- slow readers -----------------------------------------------------------------------------------------------------


def _told(number: int) -> Told:
    return Told("live-1", number, "poll.edited", "2026-06-17T07:00:00.000Z", ALL, {"poll": {"key": "x"}})


async def test_a_full_outbox_gives_way_to_one_resync() -> None:
    sent: list[tuple[str, Any]] = []
    backlog = 99

    async def send(name: str, body: Any) -> None:
        sent.append((name, body))

    outbox = Outbox(send, lambda: backlog)
    outbox.start({"boot": "1"})
    for number in range(5000):
        outbox.fact(_told(number))
        outbox.signal("presence", number)
        outbox.signal("tally", number, f"poll {number % 3}")
        assert outbox.waiting() <= FACT_LIMIT + 5
    backlog = 0
    await until(lambda: outbox.waiting() == 0)
    outbox.fact(_told(5000))
    await until(lambda: outbox.waiting() == 0)
    await outbox.stop()
    assert [name for name, _ in sent] == ["hello", "resync", "signal", "signal", "signal", "signal", "fact"]
    assert [body["body"] for _, body in sent[2:6]] == [4999, 4998, 4999, 4997]
    assert sent[-1][1]["number"] == 5000


async def test_a_client_that_does_not_read_loses_its_place_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = [PollEdited({"key": "x", "text": "y" * 8000}) for _ in range(1500)]
    other = await house.enter(MODERATOR, "live-1")
    async with join(house, MODERATOR, "live-1") as raw:
        _, slow = house.hall.visits.values()
        for start in range(0, len(facts), 100):
            async with house.store.unit() as unit:
                await unit.tell("live-1", *facts[start : start + 100])
            await until(lambda start=start: len(other.facts) == start + 100)
        assert slow.outbox.waiting() <= FACT_LIMIT + 1
        assert slow.connection.backlog() <= 32
        monkeypatch.setattr(gateway, "UNREAD_ANSWERS", slow.connection.backlog() + 2)
        while not any(name == "resync" for name, _ in raw.events):
            assert await raw.receive() is not None
    assert len(other.facts) == 1500
    assert len([name for name, _ in raw.events if name == "fact"]) < 1500


async def test_who_goes_on_asking_and_does_not_read_the_answers_is_hung_up_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def long_winded(_asked: Any) -> str:
        return "x" * 500_000

    monkeypatch.setitem(COMMANDS, "clock.read", dataclasses.replace(COMMANDS["clock.read"], handler=long_winded))
    monkeypatch.setattr(gateway, "UNREAD_ANSWERS", 8)
    monkeypatch.setattr("conference.live.limits.TokenBucket.take", lambda _self: True)
    async with join(house, MODERATOR, "live-1") as raw:
        number = 0
        while house.hall.visits:
            number += 1
            assert number < 500
            if not raw.ws.closed:
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    await raw.command(number, "clock.read", {})
            await asyncio.sleep(0.02)


# --- who may what -----------------------------------------------------------------------------------------------------

IN_THE_SESSION: dict[Role, str | None] = {
    Role.PARTICIPANT: ANNA,
    Role.SPEAKER: SPEAKER,
    Role.MODERATOR: MODERATOR,
    Role.ORGANISER: ORGANISER,
    Role.PRODUCTION: PRODUCTION,
    Role.VENUE: None,
}
DECIDED_BY_THE_BODY = {
    "stage.set_tracks": Permission.PUBLISH,
    "stage.call_off": Permission.PUBLISH,
    "attendance.read": Permission.ORGANISE,
}


def allowed(role: Role, name: str) -> bool:
    """What roles.py says about a command, with bodies as in `the_day`."""
    needed = DECIDED_BY_THE_BODY.get(name, COMMANDS[name].may)
    return needed is None or may(role, needed)


async def test_every_role_may_do_what_the_table_says_and_nothing_else(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        visits = {role: await room.enter(email, "live-1") for role, email in IN_THE_SESSION.items()}
        day = whole_day(visits[Role.SPEAKER].person.public_id)
        bodies = {name: _in_the_plenary(name, body) for _, name, body in reversed(day)}
        assert set(visits) == set(MAY)
        before = await _dump(room)
        tried = [(role, name) for role in visits for name in COMMANDS if not allowed(role, name)]
        refused = {(role, name): await _code(room, visits[role], name, bodies[name]) for role, name in tried}
        assert refused == dict.fromkeys(tried, "not_allowed")
        assert await _dump(room) == before
        for role, name in [(role, name) for role in visits for name in COMMANDS if allowed(role, name)]:
            if name == "chat.read":
                continue  # is for those in a room
            assert await _code(room, visits[role], name, bodies[name]) != "not_allowed", (role, name)


def _in_the_plenary(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """What is said in the chat is said to all."""
    return {**body, "room": None} if name in ("chat.say", "chat.type", "chat.watch") else body


async def _code(room: Room, visit: Any, name: str, body: dict[str, Any]) -> str:
    answer = await room.gateway._answer(f"{name}{len(room.visits)}{id(body)}", visit, [name, body])
    return "ok" if answer["ok"] else str(answer["error"]["code"])


async def _dump(room: Room) -> list[str]:
    async with room.store.reading() as db:
        raw = await (await db.connection()).get_raw_connection()
        return [line async for line in raw.driver_connection.iterdump()]


ODD: list[Any] = [
    None, "", "gibt-es-nicht", "\ud800", "\x00", "' OR 1=1 --", "x" * 5000, -1, 0, 2**31, 10**30, 0.5, 1e300,
    float("nan"), True, [], [[]], [10**30], ["a"], {}, {"a": 1}, {"\ud800": 1}, b"bytes",
]  # fmt: skip


async def test_no_value_anywhere_makes_us_fail(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    async with open_room(tmp_path) as room:
        visits = {
            "moderator": await room.enter(MODERATOR, "live-1"),
            "organiser": await room.enter(ORGANISER, "live-1"),
            "production": await room.enter(PRODUCTION, "live-1"),
            "speaker": await room.enter(SPEAKER, "live-1"),
            "participant": await room.enter(ANNA, "live-1"),
            "somebody at the end": await room.enter(ANNA, "feedback"),
            MEMBER: await room.enter(ANNA, GROUPS),
            OTHER: await room.enter(BERND, GROUPS),
            STAFF: await room.enter(MODERATOR, GROUPS),
        }
        day = whole_day(visits["speaker"].person.public_id)
        for who, name, body in [line for line in day if line[1] in COMMANDS]:
            for key in body:
                for odd in ODD:
                    code = await _code(room, visits[who], name, {**body, key: odd})
                    assert code != "internal", (name, key, odd)
                    if odd == "gibt-es-nicht" and key in ("session", "poll", "person"):
                        assert code == (
                            "not_allowed" if who in ("speaker", MEMBER) and key == "person" else "not_found"
                        )
            await _code(room, visits[who], name, body)
    assert caplog.records == []


# --- behind proxies that know no websockets ---------------------------------------------------------------------------


async def test_a_client_without_websockets_takes_part_and_is_cut_like_the_others(house: House) -> None:
    async with await house.browser(ANNA) as browser:
        cookies = "; ".join(f"{c.key}={c.value}" for c in browser.cookie_jar)
    sio = socketio.AsyncClient(reconnection=False)
    heard: list[tuple[str, Any]] = []
    for name in ("hello", "fact", "bye"):
        sio.on(name, lambda body, name=name: heard.append((name, body)))
    await sio.connect(house.url, headers={"Cookie": cookies}, auth={"session": "live-1"}, transports=["polling"])
    await until(lambda: heard)
    asked = [sio.call("session.join", {"session": "live-1"}), sio.call("clock.read", {}), sio.call("dance", {})]
    assert [answer["ok"] for answer in await asyncio.gather(*asked)] == [True, True, False]
    moderator = await house.enter(MODERATOR, "live-1")
    await moderator.do("session.move", session="live-1", to="live")
    await until(lambda: len(heard) > 1)
    [anna] = [visit for visit in house.hall.visits.values() if visit.person.email == ANNA]
    await house.hall.cut_link(anna.link.public_id)
    await until(lambda: not sio.connected)
    assert [name for name, _ in heard] == ["hello", "fact", "bye"]
    assert len(house.hall.visits) == 1
    await sio.disconnect()


async def test_packets_that_are_posted_at_once_are_carried_out_one_after_the_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work: list[int] = []

    async def slow(_asked: Any) -> None:
        at_work.append(1)
        assert len(at_work) == 1
        await asyncio.sleep(0.02)
        at_work.pop()

    monkeypatch.setitem(COMMANDS, "clock.read", dataclasses.replace(COMMANDS["clock.read"], handler=slow))
    async with await house.browser(ANNA) as browser:
        path = "/socket.io/?EIO=4&transport=polling"
        async with browser.get(path) as answer:
            sid = json.loads((await answer.text())[1:])["sid"]
        path = f"{path}&sid={sid}"
        async with browser.post(path, data="40{}") as answer:
            assert answer.status == 200

        async def post(number: int) -> None:
            async with browser.post(path, data=f'42{number}["clock.read",{{}}]') as answer:
                assert answer.status == 200

        await asyncio.gather(*(post(number) for number in range(8)))
        text = ""
        while text.count("43") < 8:
            async with browser.get(path) as answer:
                text += await answer.text()
    assert text.count('{"ok":true,"result":null}') == 8
