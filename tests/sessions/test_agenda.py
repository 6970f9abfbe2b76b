"""The agenda: one table of moves, shifted times, and calendars that follow."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from conference.core.clock import from_iso
from conference.core.errors import ConferenceError
from conference.core.roles import Role
from conference.sessions.model import MOVES, Session, Source, State, belongs_now, free_slot, may_watch, role_in
from tests.house import ANNA, MODERATOR, House
from tests.visits import Room, open_room

LEGAL = {
    ("planned", "backstage"),
    ("planned", "live"),
    ("backstage", "planned"),
    ("backstage", "live"),
    ("live", "backstage"),
    ("live", "ended"),
    ("ended", "backstage"),
    ("ended", "live"),
}


def test_the_table_of_moves_is_the_whole_truth() -> None:
    assert {(old.value, new.value) for old, news in MOVES.moves.items() for new in news} == LEGAL
    assert MOVES.mermaid().count("-->") == len(LEGAL)


@pytest.mark.parametrize("old", list(State))
@pytest.mark.parametrize("new", list(State))
async def test_a_session_moves_as_the_table_says(tmp_path: Path, old: State, new: State) -> None:
    way = {State.PLANNED: [], State.BACKSTAGE: ["backstage"], State.LIVE: ["live"], State.ENDED: ["live", "ended"]}
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, "live-1")
        for state in way[old]:
            await room.do(moderator, "session.move", session="live-1", to=state)
        if old is new or (old.value, new.value) in LEGAL:
            await room.do(moderator, "session.move", session="live-1", to=new.value)
            assert (await _item(room, "live-1"))["state"] == new.value
        else:
            with pytest.raises(ConferenceError) as refused:
                await room.do(moderator, "session.move", session="live-1", to=new.value)
            assert refused.value.code == "session.move"
            assert (await _item(room, "live-1"))["state"] == old.value


async def test_a_state_that_does_not_exist_is_a_bad_request(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, "live-1")
        assert await _refused(room, moderator, "session.move", to="paused") == "bad_request"


async def test_ending_a_session_clears_the_stage_and_closes_its_poll(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna = await room.enter(MODERATOR, "live-1"), await room.enter(ANNA, "live-1")
        await room.do(moderator, "session.move", session="live-1", to="live")
        await room.do(moderator, "stage.enter", session="live-1", source="camera")
        await room.do(moderator, "poll.open", session="live-1", poll="lage")
        await room.do(anna, "poll.vote", session="live-1", poll="lage", run=1, choice=1)
        await room.do(moderator, "session.move", session="live-1", to="ended")
        snapshot = await room.snapshot(moderator)
    assert snapshot["stage"] == {"slots": [None] * 9, "backstage": [], "speaker": None, "air": {}}
    [lage] = [poll for poll in snapshot["polls"] if poll["key"] == "lage"]
    assert (lage["state"], lage["result"]["counts"]) == ("closed", [0, 1, 0, 0, 0])


async def test_shifting_one_session_leaves_the_others(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, "live-1")
        before = {item["key"]: item for item in (await room.snapshot(moderator))["agenda"]}
        await room.do(moderator, "session.shift", session="live-1", minutes=15, following=False)
        after = {item["key"]: item for item in (await room.snapshot(moderator))["agenda"]}
        assert _moved(before, after) == {"live-1": (15.0, 15.0)}


async def test_shifting_all_that_follows_keeps_a_running_beginning_and_what_is_over(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, "live-1")
        await room.do(moderator, "session.move", session="live-1", to="live")
        other = await room.enter(MODERATOR, "live-2")
        await room.do(other, "session.move", session="live-2", to="live")
        await room.do(other, "session.move", session="live-2", to="ended")
        before = {item["key"]: item for item in (await room.snapshot(moderator))["agenda"]}
        await room.do(moderator, "session.shift", session="live-1", minutes=-10, following=True)
        after = {item["key"]: item for item in (await room.snapshot(moderator))["agenda"]}
        both = (-10.0, -10.0)
        assert _moved(before, after) == {
            "live-1": (0.0, -10.0),
            "aktiv-pause": both,
            "arbeitsgruppen": both,
            "feedback": both,
        }
        assert (
            await _refused(room, other, "session.shift", minutes=5, following=False, session="live-2") == "session.over"
        )


@pytest.mark.parametrize(("minutes", "code"), [(0, "bad_request"), (721, "bad_request"), (-70, "session.too_short")])
async def test_impossible_shifts_change_nothing(tmp_path: Path, minutes: int, code: str) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, "live-1")
        await room.do(moderator, "session.move", session="live-1", to="live")
        before = await room.snapshot(moderator)
        assert await _refused(room, moderator, "session.shift", minutes=minutes, following=True) == code
        early = {"session": "live-2", "minutes": -180, "following": False}  # before the groups, which are still to come
        other = await room.enter(MODERATOR, "live-2")
        assert await _refused(room, other, "session.shift", **early) == "session.too_early"
        assert (await room.snapshot(moderator))["agenda"] == before["agenda"]


async def test_calendars_follow_a_shift(house: House) -> None:
    before = await _calendar(house, None)
    moderator = await house.enter(MODERATOR, "live-1")
    house.clock.turn(60)
    await moderator.do("session.shift", session="live-1", minutes=20, following=False)
    after = await _calendar(house, None)
    assert list(before) == list(after)
    assert len(before) == 6
    changed = {uid for uid in before if before[uid] != after[uid]}
    assert len(changed) == 1
    [uid] = changed
    assert after[uid]["SEQUENCE"] == before[uid]["SEQUENCE"] + 1
    assert after[uid].start == before[uid].start + timedelta(minutes=20)
    assert after[uid].start == datetime(2026, 6, 17, 8, 20, tzinfo=UTC)
    assert before[uid].DTSTAMP + timedelta(minutes=1) == after[uid].DTSTAMP
    assert list(await _calendar(house, "live-1")) == [uid]


async def test_a_calendar_without_its_secret_is_not_found(house: House) -> None:
    async with house.http.get("/calendar/l-1.ics") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("role", "moderates", "speaks", "has_moderators", "becomes"),
    [
        ("participant", False, False, True, "participant"),
        ("participant", False, True, True, "speaker"),
        ("participant", True, True, True, "moderator"),
        ("moderator", False, False, True, "participant"),
        ("moderator", False, True, True, "speaker"),
        ("moderator", False, False, False, "moderator"),
        ("speaker", False, False, False, "participant"),
        ("organiser", False, True, True, "organiser"),
        ("production", True, True, True, "production"),
        ("venue", True, True, True, "venue"),
    ],
)
def test_roles_in_a_session(role: str, moderates: bool, speaks: bool, has_moderators: bool, becomes: str) -> None:
    found = role_in(Role(role), moderates=moderates, speaks=speaks, has_moderators=has_moderators)
    assert found == becomes


def test_eight_pictures_and_one_screen_have_room_on_stage() -> None:
    taken: list[int | None] = []
    for source in (Source.CAMERA, Source.CAMERA, Source.SCREEN, Source.PROGRAMME, *[Source.CAMERA] * 5):
        taken.append(free_slot(taken, source))
    assert taken == [0, 1, 8, 2, 3, 4, 5, 6, 7]
    for source in Source:
        with pytest.raises(ConferenceError):
            free_slot(taken, source)


def test_participants_watch_only_what_is_live() -> None:
    watched = {(role, state) for role in Role for state in State if may_watch(state, role)}
    assert watched == {(role, State.LIVE) for role in Role} | {
        (role, State.BACKSTAGE) for role in Role if role is not Role.PARTICIPANT
    }


async def _item(room: Room, key: str) -> dict[str, Any]:
    snapshot = await room.snapshot(await room.enter(ANNA, "live-1"))
    return next(item for item in snapshot["agenda"] if item["key"] == key)


async def _refused(room: Room, visit: Any, command: str, **body: Any) -> str:
    with pytest.raises(ConferenceError) as refused:
        await room.do(visit, command, **{"session": "live-1", **body})
    return refused.value.code


def _moved(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """By how many minutes the beginnings and ends of sessions moved."""

    def minutes(key: str, which: str) -> float:
        old, new = (datetime.fromisoformat(items[key][which]) for items in (before, after))
        return (new - old) / timedelta(minutes=1)

    moved = {key: (minutes(key, "starts"), minutes(key, "ends")) for key in before}
    return {key: by for key, by in moved.items() if by != (0.0, 0.0)}


async def _calendar(house: House, session: str | None) -> dict[str, Any]:
    link = await house.link(ANNA, session)
    async with house.http.get(link.replace("/j/", "/calendar/") + ".ics") as answer:
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        calendar = icalendar.Calendar.from_ical(await answer.read())
    return {str(event["UID"]): event for event in calendar.walk("VEVENT")}


EXAMPLES = json.loads((Path(__file__).parent.parent / "examples" / "belongs_now.json").read_text("utf-8"))


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["name"] for example in EXAMPLES])
def test_where_everybody_belongs_now(example: dict[str, Any]) -> None:
    items = [
        Session(
            id=number,
            key=item["key"],
            kind=item["kind"],
            title=item["title"],
            position=number,
            starts=from_iso(item["starts"]),
            ends=from_iso(item["ends"]),
            record=item["record"],
            state=State(item["state"]),
            running_since=from_iso(item["running_since"]) if item["running_since"] else None,
            sequence=0,
            changed_at=from_iso(item["starts"]),
            extra={},
            parts=(),
            moderators=frozenset(),
        )
        for number, item in enumerate(example["agenda"])
    ]
    assert belongs_now(items) == example["belongs"]
