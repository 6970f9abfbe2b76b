"""The run of show keeps up with what is started and ended without it: by hand, in the list of sessions or at a desk."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conference.core.errors import ConferenceError
from conference.direction import actions
from conference.hall.visit import Visit
from tests.house import ANNA, MODERATOR, ORGANISER
from tests.visits import Room, open_room

LOBBY, LIVE, PAUSE, GROUPS, LATER, END = "ankommen", "live-1", "aktiv-pause", "arbeitsgruppen", "live-2", "feedback"
SESSIONS = (LOBBY, LIVE, PAUSE, GROUPS, LATER, END)
AG1 = "ag1@example.org"
START = [
    ("ankommen:session.start", "skipped"),
    ("live-1:session.backstage", "done"),
    ("ankommen:session.end", "skipped"),
    ("live-1:session.start", "done"),
]
"""What becomes of the first cues when the first stage is started by hand and nothing was before."""


class Desk:
    """A moderator's page of the first stage."""

    def __init__(self, room: Room, visit: Visit) -> None:
        self.room, self.visit = room, visit

    async def do(self, command: str, session: str = LIVE, **body: Any) -> Any:
        return await self.room.do(self.visit, command, session=session, **body)

    async def move(self, session: str, *states: str) -> None:
        """By hand."""
        for to in states:
            await self.do("session.move", session, to=to)

    async def press(self, command: str = "next", **body: Any) -> Any:
        body = {"sure": True, **body} if command == "next" else body
        return await self.do(f"direction.{command}", **{"step": (await self.direction())["step"], **body})

    async def to(self, key: str) -> None:
        """Press until this cue is next."""
        for _ in range(60):
            if await self.next() == key:
                return
            await self.press()
        raise AssertionError(key)

    async def direction(self) -> dict[str, Any]:
        return dict((await self.room.snapshot(self.visit))["direction"])

    async def cue(self, key: str) -> dict[str, Any]:
        return next(dict(cue) for cue in (await self.direction())["cues"] if cue["key"] == key)

    async def passed(self) -> list[tuple[str, str]]:
        """The cues that wait no more, and what became of each."""
        cues = (await self.direction())["cues"]
        return [(cue["key"], cue["state"]) for cue in cues if cue["state"] != "waiting"]

    async def next(self) -> str | None:
        cues = (await self.direction())["cues"]
        return next((str(cue["key"]) for cue in cues if cue["state"] == "waiting"), None)

    async def states(self) -> dict[str, str]:
        return {item["key"]: item["state"] for item in (await self.room.snapshot(self.visit))["agenda"]}

    async def add(self, key: str, kind: str, before: str | None, **more: Any) -> None:
        new = {"of": LIVE, "target": "", "text": "", "minutes": None, **more}
        await self.do("direction.add", cue=key, kind=kind, before=before, **new)

    async def wait(self, seconds: float) -> None:
        self.room.clock.turn(seconds=seconds)
        await self.room.hall.groups.tick()
        await self.room.hall.pauses.tick()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_room(tmp_path) as room:
        yield Desk(room, await room.enter(ORGANISER, LIVE))


# --- sessions ---------------------------------------------------------------------------------------------------------


async def test_a_session_started_by_hand_takes_the_list_along(desk: Desk) -> None:
    lilie = Desk(desk.room, await desk.room.enter(MODERATOR, LIVE))
    await desk.wait(63 * 60)  # three minutes past ten
    await lilie.move(LIVE, "live")
    found = await desk.direction()
    assert await desk.passed() == START
    assert await desk.next() == "live-1:part:diskussion"
    assert (found["step"], found["by"], found["drift"]) == (1, "Oliver Lilie", 180)
    assert [cue["late"] for cue in found["cues"][:5]] == [None, None, None, 180, None]
    assert {cue["by"] for cue in found["cues"][:4]} == {"Oliver Lilie"}
    ear: Any = desk.visit.outbox
    steps = [fact["body"] for fact in ear.facts if fact["name"] == "direction.stepped"]
    [told] = steps
    assert [cue["key"] for cue in (*told["more"], told["cue"])] == [key for key, _ in START], "one step"
    assert {cue["passed"] for cue in found["cues"][:4]} == {True}
    assert [cue["step"] for cue in found["cues"][:5]] == [1, 1, 1, 1, None]
    with pytest.raises(ConferenceError) as refused:
        await desk.press(step=0)
    assert (refused.value.code, refused.value.message) == ("direction.done", "Schon geschehen, von Oliver Lilie.")
    assert (await desk.states())[LOBBY] == "planned", "nothing is done"
    await lilie.move(LIVE, "live")
    assert (await desk.direction())["step"] == 1, "the same again is harmless"


async def test_nobody_but_moderators_hears_of_it(desk: Desk) -> None:
    anna = await desk.room.enter(ANNA, LIVE)
    await desk.move(LIVE, "live")
    ear: Any = anna.outbox
    assert [fact["name"] for fact in ear.facts] == ["session.moved"]


async def test_a_lobby_that_is_never_started_holds_nothing_up(desk: Desk) -> None:
    await desk.move(LIVE, "backstage")
    assert await desk.passed() == [], "it may still be started"
    await desk.move(LIVE, "live", "ended")
    await desk.do("pause.start", PAUSE, minutes=None)
    await desk.do("pause.end", PAUSE, run=1, at_once=True)
    await desk.do("breakouts.start", GROUPS, minutes=30)
    await desk.wait(21)
    await desk.do("breakouts.recall", GROUPS)
    await desk.move(GROUPS, "ended")
    await desk.move(LATER, "backstage", "live", "ended")
    await desk.move(END, "live", "ended")
    passed = dict(await desk.passed())
    assert await desk.next() is None
    started = {key for key in passed if key.endswith((".start", ".backstage", ".end", ".recall"))}
    assert {key for key in started if passed[key] == "skipped"} == {"ankommen:session.start", "ankommen:session.end"}
    assert {key for key in passed if passed[key] == "done"} == started - {
        "ankommen:session.start",
        "ankommen:session.end",
    }


async def test_a_session_ended_by_hand_leaves_out_what_did_not_come(desk: Desk) -> None:
    await desk.to("live-1:poll.show:lage")
    await desk.wait(132 * 60)  # two minutes past the end
    await desk.move(LIVE, "ended")
    polls = [f"live-1:poll.{what}:{key}" for key in ("hebel", "ein-wort") for what in ("open", "show")]
    asked = [("live-1:poll.show:lage", "skipped"), *((key, "skipped") for key in polls)]
    assert (await desk.passed())[-6:] == [*asked, ("live-1:session.end", "done")]
    assert await desk.next() == "aktiv-pause:session.start"
    assert ((await desk.direction())["drift"], (await desk.cue("live-1:session.end"))["late"]) == (120, 120)
    assert [p["state"] for p in (await desk.room.snapshot(desk.visit))["polls"]] == ["closed", "draft", "draft"]


async def test_what_runs_holds_the_list_where_it_is(desk: Desk) -> None:
    await desk.press()
    await desk.wait(62 * 60)
    await desk.move(LIVE, "live")
    assert await desk.passed() == [("ankommen:session.start", "done"), ("live-1:session.backstage", "done")]
    assert await desk.next() == "ankommen:session.end", "the lobby is open yet"
    await desk.wait(8 * 60)
    await desk.move(LOBBY, "ended")
    assert await desk.next() == "live-1:part:diskussion"
    late = {key: (await desk.cue(key))["late"] for key in ("ankommen:session.end", "live-1:session.start")}
    assert late == {"ankommen:session.end": 600, "live-1:session.start": 120}, "each when it was"
    assert (await desk.direction())["drift"] == 120


async def test_a_move_back_changes_no_cue(desk: Desk) -> None:
    await desk.move(LOBBY, "backstage")
    await desk.move(LIVE, "live")
    await desk.press("undo")
    before = await desk.direction()
    await desk.move(LOBBY, "planned")
    await desk.move(LIVE, "live")
    assert await desk.direction() == before, "neither a move back nor none"
    await desk.move(LIVE, "backstage")
    assert await desk.direction() == before
    await desk.move(LIVE, "live", "ended")
    before = await desk.direction()
    await desk.move(LIVE, "live")
    assert await desk.direction() == before
    assert await desk.next() == "aktiv-pause:session.start"


async def test_taking_such_a_step_back_lets_it_wait_and_changes_nothing_else(desk: Desk) -> None:
    await desk.press()
    await desk.press("undo")
    drift = (await desk.direction())["drift"]
    await desk.wait(65 * 60)
    await desk.move(LIVE, "live")
    assert (await desk.direction())["drift"] == 300
    states = await desk.states()
    step = (await desk.direction())["step"]
    assert await desk.press("undo") == {"done": True}
    assert await desk.passed() == []
    assert (await desk.direction())["step"] == step + 1
    assert await desk.states() == states
    assert (await desk.direction())["drift"] == drift
    assert {cue["late"] for cue in (await desk.direction())["cues"]} == {None}


async def test_whoever_moderates_elsewhere_lets_the_list_go_on(desk: Desk) -> None:
    other = await desk.room.enter(AG1, GROUPS)
    await desk.room.do(other, "breakouts.start", session=GROUPS, minutes=30)
    assert await desk.next() == "live-2:session.backstage"
    assert {key for key, state in await desk.passed() if state == "done"} == {"arbeitsgruppen:groups.start"}
    assert (await desk.states())[LIVE] == "planned"
    assert (await desk.direction())["by"] == other.person.name


async def test_what_somebody_put_behind_the_end_is_for_afterwards(desk: Desk) -> None:
    await desk.add("own-again-0001", "session.start", PAUSE + ":session.start")
    await desk.add("own-message-01", "message", PAUSE + ":session.start", text="Bitte bleiben")
    await desk.to("live-1:session.end")
    await desk.move(LIVE, "ended")
    assert await desk.next() == "own-again-0001"
    await desk.press()
    assert (await desk.states())[LIVE] == "live"
    assert await desk.next() == "own-message-01"
    await desk.move(LIVE, "ended")
    assert await desk.next() == "own-message-01"


# --- polls and screens, and what a press finds done ------------------------------------------------------------------


async def test_a_poll_asked_by_hand_is_passed_over(desk: Desk) -> None:
    await desk.to("live-1:poll.open:lage")
    await desk.do("poll.open", poll="lage")
    assert await desk.next() == "live-1:poll.show:lage"
    await desk.do("poll.close", poll="lage")
    assert await desk.next() == "live-1:poll.show:lage", "its result is not shown yet"
    await desk.do("poll.publish", poll="lage")
    assert await desk.next() == "live-1:poll.open:hebel"
    await desk.press("undo")
    assert await desk.next() == "live-1:poll.show:lage"
    [lage, *_] = (await desk.room.snapshot(desk.visit))["polls"]
    assert lage["state"] == "published", "what was done by hand stays"


async def test_a_poll_that_was_thrown_away_is_left_out(desk: Desk) -> None:
    await desk.to("live-1:poll.open:lage")
    await desk.do("poll.discard", poll="hebel")
    assert await desk.next() == "live-1:poll.open:lage"
    await desk.press()
    await desk.press()
    assert await desk.next() == "live-1:poll.open:ein-wort"
    assert {(await desk.cue(f"live-1:poll.{what}:hebel"))["state"] for what in ("open", "show")} == {"skipped"}
    await desk.do("poll.discard", poll="ein-wort")
    assert await desk.next() == "live-1:session.end"


async def test_a_press_passes_over_what_is_so_already_and_takes_it_back_with_it(desk: Desk) -> None:
    await desk.to("live-1:poll.show:lage")
    await desk.add("own-card-000001", "screen", "live-1:poll.open:hebel", target="card")
    await desk.add("own-card-000002", "screen", "live-1:poll.open:hebel", target="card")
    await desk.press()
    await desk.do("direction.screen", screen="card")
    assert await desk.next() == "live-1:poll.open:hebel"
    await desk.press("undo")
    assert await desk.next() == "own-card-000001"
    await desk.do("direction.screen", screen="auto")
    await desk.press()
    found = await desk.direction()
    assert await desk.next() == "live-1:poll.open:hebel", "the second asks for what the first has done"
    assert [(await desk.cue(f"own-card-00000{n}"))["step"] for n in (1, 2)] == [found["step"]] * 2
    await desk.press("undo")
    assert await desk.next() == "own-card-000001"
    assert (await desk.room.snapshot(desk.visit))["show"]["screen"] == "auto"
    assert (await desk.cue("own-card-000002"))["step"] is None


async def test_a_poll_that_people_voted_in_is_opened_again_only_by_who_is_sure(desk: Desk) -> None:
    anna = await desk.room.enter(ANNA, LIVE)
    await desk.to("live-1:poll.open:lage")
    await desk.do("poll.open", poll="lage")
    await desk.press("undo")
    await desk.room.do(anna, "session.join", session=LIVE)
    await desk.room.do(anna, "poll.vote", session=LIVE, poll="lage", run=1, choice=0)
    await desk.do("poll.close", poll="lage")
    assert await desk.next() == "live-1:poll.open:lage"
    before = await desk.direction()
    with pytest.raises(ConferenceError) as refused:
        await desk.press(sure=False)
    assert refused.value.code == "direction.voted"
    assert await desk.direction() == before
    await desk.press(sure=True)
    [lage, *_] = (await desk.room.snapshot(desk.visit))["polls"]
    assert (lage["state"], lage["run"]) == ("open", 2)


async def test_a_press_leaves_out_nothing_that_is_still_to_come(desk: Desk) -> None:
    await desk.to("arbeitsgruppen:groups.start")
    await desk.do("direction.move", cue="feedback:session.start", before="arbeitsgruppen:groups.start")
    await desk.press()
    assert (await desk.states())[END] == "live"
    assert await desk.next() == "arbeitsgruppen:groups.start"
    await desk.do("breakouts.start", GROUPS, minutes=30)
    assert await desk.next() == "live-2:session.backstage"
    await desk.move(LATER, "live")
    assert await desk.next() == "arbeitsgruppen:groups.recall", "the groups go on, whatever was put in front of them"
    assert (await desk.cue("arbeitsgruppen:groups.start"))["state"] == "done"


async def test_words_and_screens_wait_for_their_press(desk: Desk) -> None:
    await desk.to("aktiv-pause:session.start")
    await desk.add("own-message-01", "message", "arbeitsgruppen:groups.start", of=PAUSE, text="Wir sind zurück")
    await desk.add("own-screen-001", "screen", "arbeitsgruppen:groups.start", of=PAUSE, target="auto")
    await desk.press()
    await desk.move(PAUSE, "ended")
    await desk.do("direction.screen", screen="card")
    assert await desk.next() == "own-message-01", "the pause is over, its words are for now"
    await desk.press()
    assert await desk.next() == "own-screen-001", "the hall's screen shows something else yet"
    await desk.press()
    assert (await desk.room.snapshot(desk.visit))["show"]["screen"] == "auto"


async def test_what_moves_no_session_says_nothing_about_the_time(desk: Desk) -> None:
    await desk.to("live-1:session.end")
    await desk.wait(100 * 60)
    await desk.move(LIVE, "ended")
    await desk.press("undo")
    drift = (await desk.direction())["drift"]
    await desk.wait(20 * 60)
    await desk.do("direction.screen", screen="card")
    assert (await desk.cue("live-1:session.end"))["late"] is None
    assert (await desk.direction())["drift"] == drift


async def test_who_made_a_step_takes_it_back(desk: Desk) -> None:
    ag1 = Desk(desk.room, await desk.room.enter(AG1, GROUPS))
    lilie = Desk(desk.room, await desk.room.enter(MODERATOR, LIVE))
    await desk.to("aktiv-pause:session.start")
    await ag1.do("breakouts.start", GROUPS, minutes=30)
    assert await desk.next() == "live-2:session.backstage"
    assert {key for key, state in (await desk.passed())[-2:] if state == "skipped"} == {"aktiv-pause:session.start"}
    step = (await desk.direction())["step"]
    await ag1.do("direction.undo", GROUPS, step=step)
    assert await desk.next() == "aktiv-pause:session.start"
    await lilie.press()
    assert await desk.next() == "live-2:session.backstage", "the groups are announced, which is passed over"
    await lilie.press("undo")
    assert await desk.next() == "aktiv-pause:session.start"


# --- groups and pauses ------------------------------------------------------------------------------------------------


async def test_groups_started_and_recalled_at_their_desk(desk: Desk) -> None:
    await desk.to("arbeitsgruppen:groups.start")
    await desk.wait(150 * 60)  # five minutes past their beginning
    await desk.do("breakouts.start", GROUPS, minutes=30)
    assert (await desk.passed())[-1] == ("arbeitsgruppen:groups.start", "done")
    assert await desk.next() == "live-2:session.backstage"
    assert (await desk.direction())["drift"] == 300
    await desk.wait(21)
    await desk.do("breakouts.recall", GROUPS)
    assert await desk.next() == "live-2:session.backstage", "the stage is not open yet"
    await desk.move(LATER, "backstage")
    assert (await desk.passed())[-2:] == [
        ("live-2:session.backstage", "done"),
        ("arbeitsgruppen:groups.recall", "done"),
    ]
    assert await desk.next() == "arbeitsgruppen:session.end"
    await desk.press("undo")
    assert await desk.next() == "live-2:session.backstage", "both were passed over in one step"


async def test_a_stage_opened_early_leaves_the_groups_their_cues(desk: Desk) -> None:
    await desk.to("aktiv-pause:session.start")
    await desk.move(LATER, "backstage")
    assert await desk.next() == "aktiv-pause:session.start"
    await desk.move(PAUSE, "live")
    assert await desk.next() == "arbeitsgruppen:groups.start"
    await desk.move(GROUPS, "live")
    assert await desk.next() == "arbeitsgruppen:groups.start", "the plenary before the groups"
    await desk.press()
    assert await desk.next() == "arbeitsgruppen:groups.recall", "that stage is open, which is passed over"


async def test_a_pause_put_in_is_done_when_it_was_begun_and_ended_by_hand(desk: Desk) -> None:
    await desk.to("live-1:part:interview")
    await desk.add("own-pause-0001", "pause.start", "live-1:part:interview", minutes=10)
    await desk.add("own-pause-0002", "pause.end", "live-1:part:interview")
    await desk.do("pause.start", minutes=5)
    assert await desk.next() == "own-pause-0002"
    await desk.do("pause.end", run=1, at_once=False)
    assert await desk.next() == "own-pause-0002", "it winds up"
    await desk.do("pause.end", run=1, at_once=True)
    assert await desk.next() == "live-1:part:interview"
    assert (await desk.room.snapshot(desk.visit))["pause"] is None


async def test_the_end_of_a_pause_that_never_was_waits(desk: Desk) -> None:
    await desk.to("live-1:part:interview")
    await desk.add("own-pause-0002", "pause.end", "live-1:part:interview")
    await desk.move(LATER, "live")
    assert await desk.next() == "own-pause-0002"


# --- made-up days -----------------------------------------------------------------------------------------------------

PLACES = st.sampled_from(SESSIONS)
STEPS = st.one_of(
    *[st.tuples(st.just("session.move"), PLACES, st.sampled_from(["backstage", "live", "live", "ended", "planned"]))]
    * 4,
    st.tuples(st.just("breakouts.start"), st.just(GROUPS), st.just(30)),
    st.tuples(st.just("breakouts.recall"), st.just(GROUPS), st.none()),
    st.tuples(st.just("pause.start"), st.sampled_from([LIVE, PAUSE, LATER]), st.just(5)),
    st.tuples(st.just("pause.end"), st.sampled_from([LIVE, PAUSE, LATER]), st.booleans()),
    *[st.tuples(st.sampled_from(["next", "undo", "skip"]), st.just(LIVE), st.none())] * 3,
    st.tuples(st.just("the clock"), st.just(LIVE), st.sampled_from([25, 400])),
)
BODIES = {"session.move": "to", "breakouts.start": "minutes", "pause.start": "minutes", "pause.end": "at_once"}


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=8, max_size=30))
def test_what_is_passed_stands_in_front_and_steps_only_grow(steps: list[tuple[str, str, Any]]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as directory:
            async with open_room(Path(directory)) as room:
                desk = Desk(room, await room.enter(ORGANISER, LIVE))
                for command, session, given_ in steps:
                    await _play_one(desk, command, session, given_)

    asyncio.run(play())


async def _play_one(desk: Desk, command: str, session: str, given_: Any) -> None:
    before, states, ok = await desk.direction(), await desk.states(), True
    try:
        if command == "the clock":
            await desk.wait(given_)
        elif command in ("next", "undo", "skip"):
            await desk.press(command)
        else:
            run = {"run": 1} if command == "pause.end" else {}
            await desk.do(command, session, **run, **({BODIES[command]: given_} if command in BODIES else {}))
    except ConferenceError:
        ok = False
    after = await desk.direction()
    waiting = [cue["state"] == "waiting" for cue in after["cues"]]
    assert waiting == sorted(waiting)
    changed = [new for old, new in zip(before["cues"], after["cues"], strict=True) if old != new]
    assert after["step"] == before["step"] + bool(changed)
    if after["step"] > before["step"] and command != "undo":
        assert {cue["step"] for cue in changed} == {after["step"]}
    if command not in ("next", "undo", "skip"):
        assert {cue["state"] for cue in changed} <= {"done", "skipped"}
        order = ["planned", "backstage", "live", "ended"]
        back = command == "session.move" and order.index(given_) <= order.index(states[session])
        assert not changed or (ok and not back and command != "the clock")
        if ok and not back and command not in ("the clock", "pause.end"):
            async with desk.room.store.unit() as unit:
                await actions.keep_up(unit, desk.visit.person, session)
            assert await desk.direction() == after, "all that was overtaken is passed"
