"""Working groups as they are lived: who is where, who hears what, and what is cut off at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conference.breakouts import queries
from conference.breakouts.model import Phase
from conference.core.errors import ConferenceError
from conference.core.roles import Role
from conference.hall.visit import Visit
from conference.live.registry import COMMANDS
from conference.media.engine import MediaEvent
from conference.sessions import export as attendance
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, PRODUCTION, House, until
from tests.the_day import GROUPS
from tests.visits import Room, open_room

CLARA = "ildiko.beyer@example.org"
AG2 = "ag2@example.org"
HERE = {"session": GROUPS}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


class Day:
    """Working groups with Anna and Bernd in ag2, Clara in ag4, rooms open if wanted."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def come(self) -> None:
        self.staff = await self.room.enter(MODERATOR, GROUPS)
        self.anna, self.bernd, self.clara = [await self.room.enter(email, GROUPS) for email in (ANNA, BERND, CLARA)]
        for visit, key in ((self.anna, "ag2"), (self.bernd, "ag2"), (self.clara, "ag4")):
            await self.do(self.staff, "move", person=visit.person.public_id, room=key)

    async def do(self, visit: Visit, name: str, **body: Any) -> Any:
        return await self.room.do(visit, f"breakouts.{name}", **HERE, **body)

    async def refused(self, visit: Visit, name: str, **body: Any) -> str:
        with pytest.raises(ConferenceError) as refusal:
            await self.do(visit, name, **body)
        return refusal.value.code

    async def open(self, *entering: Visit, minutes: int = 30) -> None:
        await self.do(self.staff, "start", minutes=minutes)
        await self.wait(21)
        for visit in entering:
            await self.do(visit, "enter")

    async def wait(self, seconds: float) -> None:
        self.room.clock.turn(seconds)
        await self.room.hall.groups.tick()

    async def view(self, visit: Visit) -> Any:
        return (await self.room.snapshot(visit))["breakouts"]

    async def phase(self) -> str:
        return str((await self.view(self.clara))["round"]["phase"])

    async def publish(self, visit: Visit, key: str) -> str:
        media = self.room.hall.groups.media
        return (await media.publish(GROUPS, key, visit.person, visit.link, "v=0")).resource

    async def listen(self, visit: Visit, key: str) -> str:
        media = self.room.hall.groups.media
        return (await media.view(GROUPS, key, visit.person, visit.link, "v=0")).resource


@pytest.fixture
async def day(room: Room) -> Day:
    day = Day(room)
    await day.come()
    return day


def ear(visit: Visit) -> Any:
    return visit.outbox


def told(visit: Visit) -> str:
    return json.dumps([ear(visit).facts, ear(visit).signals], ensure_ascii=False)


# --- places -----------------------------------------------------------------------------------------------------------


async def test_one_press_places_everybody_by_imported_wishes(day: Day) -> None:
    result = await day.do(day.staff, "assign", fresh=True)
    people = (await day.view(day.staff))["desk"]["people"]
    assert all(each["room"] for each in people)
    assert sum(result["granted"]) + result["other"] + result["without"] == len(people)
    assert result["granted"][0] == sum(each["wishes"][:1] == [each["room"]] for each in people)
    assert all(room["taken"] <= room["capacity"] for room in (await day.view(day.anna))["rooms"])


async def test_own_wishes_replace_the_imported_ones_and_locked_places_stay(day: Day) -> None:
    assert (await day.view(day.anna))["me"]["wishes"] == ["ag2", "ag3", "ag5"]
    await day.do(day.anna, "wish", rooms=["ag5"])
    await day.do(day.staff, "lock", person=day.bernd.person.public_id, locked=True)
    await day.do(day.staff, "assign", fresh=True)
    assert (await day.view(day.anna))["me"]["room"] == "ag5"
    assert (await day.view(day.bernd))["me"]["room"] == "ag2"
    await day.do(day.anna, "wish", rooms=[])
    assert (await day.view(day.anna))["me"]["wishes"] == []


async def test_places_are_exchanged_when_two_want_it(day: Day) -> None:
    assert await day.do(day.anna, "swap", room="ag4") == {"done": False}
    assert (await day.view(day.anna))["me"]["wanted"] == "ag4"
    assert await day.do(day.clara, "swap", room="ag2") == {"done": True}
    assert [(await day.view(visit))["me"]["room"] for visit in (day.anna, day.clara)] == ["ag4", "ag2"]
    assert [(await day.view(visit))["me"]["wanted"] for visit in (day.anna, day.clara)] == [None, None]


async def test_choosing_is_for_those_who_may_and_ends_at_the_start(day: Day) -> None:
    assert await day.refused(day.anna, "choose", room="ag1") == "breakouts.not_now"
    await day.do(day.staff, "allow", swaps=False, choosing=True)
    await day.do(day.anna, "choose", room="ag1")
    await day.do(day.staff, "resize", room="ag1", capacity=1)
    assert await day.refused(day.bernd, "choose", room="ag1") == "breakouts.full"
    assert await day.refused(day.staff, "move", person=day.bernd.person.public_id, room="ag1") == "breakouts.full"
    assert await day.refused(day.bernd, "swap", room="ag1") == "breakouts.not_now"
    assert await day.refused(day.staff, "resize", room="ag2", capacity=0) == "bad_request"
    await day.open()
    assert await day.refused(day.bernd, "choose", room="ag3") == "breakouts.not_now"


async def test_latecomers_go_to_their_own_room_or_the_emptiest(day: Day, room: Room) -> None:
    late = await room.enter("detlef.etzler@example.org", GROUPS)
    await day.open(day.anna)
    assert await day.do(late, "enter") == {"room": "ag1"}
    assert await day.do(day.clara, "enter") == {"room": "ag4"}
    people = (await day.view(day.staff))["desk"]["people"]
    assert [each["name"] for each in people if each["late"]] == [late.person.name]


# --- the course of it -------------------------------------------------------------------------------------------------


async def test_rooms_open_after_the_announcement_and_close_by_the_clock(day: Day) -> None:
    await day.do(day.staff, "start", minutes=10)
    call = (await day.room.snapshot(await day.room.enter(ANNA, "live-1")))["call"]
    assert call == {"session": GROUPS, "opens_at": "2026-06-17T07:00:20.000Z", "staying": False}
    await day.wait(19)
    assert await day.phase() == Phase.ANNOUNCED
    assert await day.refused(day.anna, "enter") == "breakouts.closed"
    await day.wait(1)
    assert await day.phase() == Phase.OPEN
    await day.do(day.staff, "extend", minutes=5)
    await day.wait(14 * 60 + 59)
    assert await day.phase() == Phase.OPEN
    await day.wait(1)
    assert await day.phase() == Phase.CLOSED
    assert (await day.room.snapshot(day.anna))["call"] is None


async def test_what_happens_while_the_clock_reads_is_not_missed(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    running = queries.running

    async def and_then_it_starts(db: Any) -> Any:
        found = await running(db)
        monkeypatch.undo()
        await day.do(day.staff, "start", minutes=10)
        return found

    monkeypatch.setattr(queries, "running", and_then_it_starts)
    await day.wait(0)
    await day.wait(21)
    assert await day.phase() == Phase.OPEN


async def test_an_announcement_can_be_taken_back(day: Day) -> None:
    await day.do(day.staff, "start", minutes=10)
    await day.do(day.staff, "cancel")
    await day.wait(60)
    assert await day.phase() == Phase.PREPARING


async def test_shortening_leaves_a_minute_and_the_recall_too(day: Day) -> None:
    await day.open()
    await day.do(day.staff, "extend", minutes=-480)
    assert (await day.view(day.anna))["round"]["ends_at"] == "2026-06-17T07:01:21.000Z"
    await day.do(day.staff, "extend", minutes=10)
    await day.do(day.staff, "recall")
    found = (await day.view(day.anna))["round"]
    assert (found["ends_at"], found["closing"]) == ("2026-06-17T07:01:21.000Z", True)
    await day.wait(30)
    await day.do(day.staff, "recall")
    assert (await day.view(day.anna))["round"]["ends_at"] == "2026-06-17T07:01:21.000Z"


async def test_a_sentence_that_is_spoken_is_not_cut(day: Day) -> None:
    await day.open(day.anna, day.bernd, minutes=1)
    feed = await day.publish(day.anna, "ag2")
    day.room.engine.report(MediaEvent("speaking", feed, "", {"speaking": True}))
    await day.wait(60)
    assert await day.phase() == Phase.OPEN
    await day.wait(5)
    day.room.engine.report(MediaEvent("speaking", feed, "", {"speaking": False}))
    await day.wait(0)
    assert await day.phase() == Phase.CLOSED
    assert day.room.engine.open == {}


async def test_nobody_holds_the_rooms_open_for_ever(day: Day) -> None:
    await day.open(day.anna, minutes=1)
    feed = await day.publish(day.anna, "ag2")
    day.room.engine.report(MediaEvent("speaking", feed, "", {"speaking": True}))
    await day.wait(70)
    assert await day.phase() == Phase.CLOSED


async def test_the_rooms_close_with_the_session(day: Day) -> None:
    await day.open(day.anna)
    await day.room.do(day.staff, "session.move", **HERE, to="ended")
    assert await day.phase() == Phase.CLOSED


async def test_help_is_queued_answered_and_done(day: Day) -> None:
    await day.open(day.anna, day.clara)
    await day.do(day.clara, "help", kind="time", text="")
    await day.do(day.anna, "help", kind="technical", text="Kein Ton")
    place = lambda found: found["group"]["help"]["place"]  # noqa: E731
    assert place(await day.view(day.bernd)) == 2
    first, second = (await day.view(day.staff))["desk"]["help"]
    assert (first["room"], second["room"], second["name"]) == ("ag4", "ag2", day.anna.person.name)
    await day.do(day.staff, "answer", help=first["key"], text="Ja, fünf Minuten.", done=False)
    assert place(await day.view(day.bernd)) == 1
    assert (await day.view(day.clara))["group"]["help"]["answer"] == "Ja, fünf Minuten."
    await day.do(day.staff, "answer", help=second["key"], text="", done=True)
    assert (await day.view(day.anna))["group"]["help"] is None
    assert await day.refused(day.staff, "answer", help=second["key"], text="", done=True) == "not_found"


# --- discretion -------------------------------------------------------------------------------------------------------


async def test_nothing_of_a_room_reaches_another(day: Day) -> None:
    production = await day.room.enter(PRODUCTION, GROUPS)
    screen = await day.room.enter(None, GROUPS)
    await day.open(day.anna, day.bernd, day.clara)
    feed = await day.publish(day.anna, "ag2")
    day.room.engine.report(MediaEvent("connected", feed, ""))
    await day.do(day.anna, "tracks", audio=True, video=True, person=None)
    await day.do(day.bernd, "hand", up=True)
    await day.do(day.bernd, "help", kind="technical", text="Streng vertraulich")
    await day.do(day.staff, "message", room="ag2", text="Nur für ag2")
    await day.wait(1)
    secrets = ("Streng vertraulich", "Nur für ag2", day.anna.person.name, day.anna.person.public_id)
    for visit in (day.clara, production, screen):
        seen = told(visit) + json.dumps(await day.room.snapshot(visit), ensure_ascii=False)
        assert [secret for secret in secrets if secret in seen] == [], visit.person.name
    assert all(secret in told(day.staff) for secret in secrets)
    assert "Streng vertraulich" in told(day.anna)


async def test_who_comes_back_hears_only_the_room_that_is_his_now(day: Day) -> None:
    await day.open(day.anna, day.bernd)
    numbers = (await day.room.snapshot(day.bernd))["numbers"]
    await day.room.hall.leave(day.bernd)
    await day.do(day.staff, "message", room="ag2", text="Zuerst in ag2")
    await day.do(day.staff, "move", person=day.bernd.person.public_id, room="ag3")
    await day.do(day.staff, "message", room="ag2", text="Später in ag2")
    await day.do(day.staff, "message", room="ag3", text="Willkommen in ag3")
    back = await day.room.enter(BERND, GROUPS)
    hello = await day.room.hall.enter(back, numbers)
    words = json.dumps(hello, ensure_ascii=False)
    assert "Willkommen in ag3" in words
    assert "in ag2" not in words


async def test_only_those_of_a_room_may_send_and_see_there(day: Day) -> None:
    production, organiser = await day.room.enter(PRODUCTION, GROUPS), await day.room.enter(ORGANISER, GROUPS)
    with pytest.raises(ConferenceError, match=r"breakouts\.closed"):
        await day.listen(day.anna, "ag2")
    await day.open(day.anna, day.clara)
    for visit in (day.clara, production, organiser, day.staff):
        for key in ("ag2", "gibt-es-nicht", ""):
            for ask in (day.publish, day.listen):
                with pytest.raises(ConferenceError, match="not_allowed"):
                    await ask(visit, key)
    await day.do(day.staff, "visit", room="ag2")
    assert await day.listen(day.staff, "ag2") in day.room.engine.open
    assert await day.publish(day.anna, "ag2") in day.room.engine.open


async def test_whoever_is_moved_or_leaves_is_cut_off_at_once(day: Day) -> None:
    await day.open(day.anna, day.bernd, day.clara)
    resources = {visit.person.name: [await day.publish(visit, key), await day.listen(visit, key)]
                 for visit, key in ((day.anna, "ag2"), (day.bernd, "ag2"), (day.clara, "ag4"))}  # fmt: skip
    await day.do(day.staff, "move", person=day.anna.person.public_id, room="ag4")
    await day.wait(0)
    assert set(day.room.engine.open) == {*resources[day.bernd.person.name], *resources[day.clara.person.name]}
    await day.do(day.bernd, "stay", staying=True)
    await day.wait(0)
    assert set(day.room.engine.open) == {*resources[day.clara.person.name]}
    await day.room.hall.cut_link(day.clara.link.public_id)
    assert day.room.engine.open == {}


async def test_what_is_switched_off_does_not_flow(day: Day) -> None:
    await day.open(day.anna)
    feed = await day.publish(day.anna, "ag2")
    assert day.room.engine.muted[feed] == (True, True)
    await day.do(day.anna, "tracks", audio=True, video=None, person=None)
    await day.wait(0)
    assert day.room.engine.muted[feed] == (False, True)
    await day.do(day.anna, "tracks", audio=None, video=True, person=None)  # the page had not heard of the first yet
    await day.wait(0)
    assert day.room.engine.muted[feed] == (False, False)
    await day.do(day.anna, "tracks", audio=None, video=False, person=None)
    assert day.room.engine.gathered[f"group/{GROUPS}/ag2"] == [feed]
    body = {"audio": True, "video": True, "person": day.anna.person.public_id}
    assert await day.refused(day.staff, "tracks", **body) == "not_allowed"
    assert await day.refused(day.clara, "tracks", **{**body, "video": False}) == "not_allowed"
    await day.do(day.staff, "tracks", **{**body, "audio": False, "video": False})
    await day.wait(0)
    assert day.room.engine.muted[feed] == (True, True)


async def test_who_takes_part_in_an_active_pause_is_neither_seen_nor_heard_in_a_room(day: Day) -> None:
    await day.open(day.anna, day.bernd)
    feeds = []
    for visit in (day.anna, day.bernd):
        feeds.append(await day.publish(visit, "ag2"))
        await day.do(visit, "tracks", audio=True, video=True, person=None)
    await day.wait(0)
    pausing = await day.room.enter(ANNA, "aktiv-pause")
    await day.room.do(day.staff, "session.move", session="aktiv-pause", to="live")
    await day.room.hall.pauses.tick()
    await day.room.do(pausing, "session.join", session="aktiv-pause")
    await day.wait(0)
    assert [day.room.engine.muted[feed] for feed in feeds] == [(True, True), (False, False)]
    await day.room.do(pausing, "session.leave", session="aktiv-pause")
    await day.wait(0)
    assert [day.room.engine.muted[feed] for feed in feeds] == [(False, False), (False, False)]


STAFF_ONLY = sorted(n for n, c in COMMANDS.items() if n.startswith("breakouts.") and c.may == "moderate")
BODIES: dict[str, dict[str, Any]] = {
    "assign": {"fresh": True}, "move": {"person": "?", "room": "ag1"}, "lock": {"person": "?", "locked": True},
    "resize": {"room": "ag1", "capacity": 5}, "allow": {"swaps": True, "choosing": True}, "start": {"minutes": 5},
    "cancel": {}, "extend": {"minutes": 5}, "recall": {}, "message": {"room": "ag1", "text": "x"},
    "visit": {"room": "ag1"}, "answer": {"help": "?", "text": "x", "done": False},
    "call": {"person": "?", "called": True},
}  # fmt: skip
ROOMS = ("swap", "choose", "move", "resize", "message", "visit")


async def test_every_command_of_the_staff_is_refused_to_everybody_else(day: Day) -> None:
    assert {name.removeprefix("breakouts.") for name in STAFF_ONLY} == set(BODIES)
    production, screen = await day.room.enter(PRODUCTION, GROUPS), await day.room.enter(None, GROUPS)
    assert day.anna.roles[GROUPS] is Role.PARTICIPANT
    await day.open(day.anna)
    before = await day.view(day.anna)
    for visit in (day.anna, production, screen):
        for name, body in BODIES.items():
            assert await day.refused(visit, name, **body) == "not_allowed", (visit.person.name, name)
    assert await day.view(day.anna) == before


async def test_foreign_ids_open_nothing(day: Day) -> None:
    await day.do(day.staff, "allow", swaps=True, choosing=True)
    staff = day.staff.person.public_id
    for name in ROOMS:
        body = {**BODIES.get(name, {}), "room": "gibt-es-nicht"}
        if "person" in body:
            body["person"] = day.anna.person.public_id
        visit = day.staff if name in BODIES else day.anna
        assert await day.refused(visit, name, **body) == "not_found", name
    for name in ("move", "lock"):
        for person in (staff, "gibt-es-nicht"):
            assert await day.refused(day.staff, name, **{**BODIES[name], "person": person}) == "not_found"
    assert await day.refused(day.anna, "wish", rooms=["ag1", "gibt-es-nicht"]) == "not_found"
    for name in COMMANDS:
        if name.startswith("breakouts."):
            body = BODIES.get(name.removeprefix("breakouts."))
            if body is not None:
                with pytest.raises(ConferenceError, match="not_found"):
                    await day.room.do(day.staff, name, session="gibt-es-nicht", **body)


# --- over the wire, and after a crash ---------------------------------------------------------------------------------


async def test_room_media_are_asked_for_by_whip_and_whep(house: House) -> None:
    staff = await house.enter(MODERATOR, GROUPS)
    anna = await house.enter(ANNA, GROUPS)
    me = (await anna.do("page.snapshot", session=GROUPS))["me"]["id"]
    await staff.do("breakouts.move", session=GROUPS, person=me, room="ag2")
    await staff.do("breakouts.start", session=GROUPS, minutes=10)
    house.clock.turn(21)
    await until(lambda: (anna.heard("breakouts.changed") or [{"round": {}}])[-1]["round"].get("phase") == "open")
    sdp = {"Content-Type": "application/sdp"}
    async with await house.browser(ANNA) as browser:
        async with browser.post(f"/whip/{GROUPS}?group=ag2", data="v=0", headers=sdp) as answer:
            assert answer.status == 201
            mine = answer.headers["Location"]
        for way in ("whip", "whep"):
            async with browser.post(f"/{way}/{GROUPS}?group=ag1", data="v=0", headers=sdp) as answer:
                assert answer.status == 403
        async with await house.browser(BERND) as other, other.delete(mine) as answer:
            assert answer.status == 404
        async with browser.put(f"{mine}/sizes", json=[90]) as answer:
            assert answer.status == 204
        async with browser.delete(mine) as answer:
            assert answer.status == 200


async def test_a_new_hall_finds_everything_as_it_was(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        day = Day(room)
        await day.come()
        await day.open(day.anna, day.bernd)
        await day.do(day.anna, "tracks", audio=True, video=True, person=None)
        await day.do(day.bernd, "hand", up=True)
        await day.do(day.bernd, "help", kind="time", text="")
        before = await day.view(day.bernd)
        now = room.clock.now()
    async with open_room(tmp_path) as room:
        room.clock.turn((now - room.clock.now()).total_seconds() + 60)
        await room.hall.groups.tick()
        bernd = await room.enter(BERND, GROUPS)
        assert (await room.snapshot(bernd))["breakouts"] == before
        assert await room.do(bernd, "breakouts.enter", **HERE) == {"room": "ag2"}


# --- what remains ---------------------------------------------------------------------------------------------------


async def test_attendance_is_known_for_each_room(day: Day) -> None:
    await day.room.do(day.anna, "session.join", **HERE)
    await day.open(day.anna, day.bernd, minutes=30)
    await day.wait(10 * 60)
    await day.do(day.staff, "move", person=day.anna.person.public_id, room="ag3")
    await day.do(day.anna, "enter")
    await day.wait(5 * 60)
    await day.do(day.bernd, "stay", staying=True)
    await day.wait(20 * 60)
    async with day.room.store.reading() as db:
        found = attendance.payload(await attendance.report(db, day.room.clock.now()))
        assert await queries.running(db) == []
    session = next(each for each in found["sessions"] if each["key"] == GROUPS)
    rooms = {person["email"]: person["rooms"] for person in session["people"] if person["rooms"]}
    assert rooms == {
        ANNA: [{"room": "ag2", "minutes": 10.0}, {"room": "ag3", "minutes": 25.0}],
        BERND: [{"room": "ag2", "minutes": 15.0}],
    }


# --- hands ------------------------------------------------------------------------------------------------------------


async def called(day: Day, visit: Visit) -> list[str]:
    """Who has the word in somebody's room."""
    return [each["name"] for each in (await day.view(visit))["group"]["people"] if each["called"]]


async def test_staff_gives_the_word_to_one_after_the_other(day: Day) -> None:
    await day.open(day.anna, day.bernd, day.clara)
    anna, bernd, clara = (visit.person.public_id for visit in (day.anna, day.bernd, day.clara))
    assert await day.refused(day.staff, "call", person=anna, called=True) == "not_found"
    for visit in (day.anna, day.bernd, day.clara):
        await day.do(visit, "hand", up=True)
    assert await day.refused(day.bernd, "call", person=anna, called=True) == "not_allowed"
    for person in (anna, anna, clara):
        await day.do(day.staff, "call", person=person, called=True)
    assert await called(day, day.bernd) == [day.anna.person.name]
    assert await called(day, day.clara) == [day.clara.person.name]  # each room for itself
    await day.do(day.staff, "call", person=bernd, called=True)
    assert await called(day, day.anna) == [day.bernd.person.name]
    assert [each["hand"] is None for each in (await day.view(day.anna))["group"]["people"]].count(True) == 1
    await day.do(day.bernd, "hand", up=False)
    assert await called(day, day.anna) == []
    await day.do(day.staff, "call", person=clara, called=False)
    assert await called(day, day.clara) == []


async def test_the_word_goes_with_the_place_and_with_the_end(day: Day) -> None:
    await day.open(day.anna, day.bernd)
    for visit in (day.anna, day.bernd):
        await day.do(visit, "hand", up=True)
    await day.do(day.staff, "call", person=day.bernd.person.public_id, called=True)
    await day.do(day.staff, "move", person=day.bernd.person.public_id, room="ag4")
    assert await called(day, day.clara) == await called(day, day.anna) == []
    await day.do(day.staff, "call", person=day.anna.person.public_id, called=True)
    await day.do(day.staff, "recall")
    await day.wait(61)
    assert await called(day, day.anna) == []
