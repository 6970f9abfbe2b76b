"""A pause's time: skipped, extended and wound up in any order, here and in the page's own script."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conference.core.errors import BadRequest, ConferenceError
from conference.pauses.model import (
    FIGURES,
    HANDOVER,
    LONGEST,
    REST,
    Kind,
    Pause,
    Step,
    exercises,
    figure_for,
    plan,
    rest,
)
from conference.sessions import programme
from tests.visits import ROOT

START = datetime(2026, 6, 17, 9, 10, tzinfo=UTC)
EXERCISE = Step("Schultern kreisen", 60, "shoulders", {"sitting": "Aufrecht.", "standing": "Hüftbreit."})


def a_pause(*seconds: int, resting: int = 0) -> Pause:
    steps = [replace(EXERCISE, seconds=s) for s in seconds] + ([rest(resting)] if resting else [])
    return Pause(1, Kind.ACTIVE, START, tuple(steps), (0,) * len(steps))


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def place(pause: Pause, seconds: float) -> tuple[int, float, float]:
    """Step, seconds left in it, and in all."""
    at = pause.at(after(seconds))
    return at.step, at.left / 1000, at.left_in_all / 1000


def code(act: Any, *given: Any) -> str:
    with pytest.raises(ConferenceError) as refused:
        act(*given)
    return refused.value.code


def test_steps_follow_each_other_to_the_millisecond() -> None:
    pause = a_pause(60, 45)
    assert [place(pause, at) for at in (-600, 0, 59.999, 60, 104.999, 105, 9999)] == [
        (0, 60, 105), (0, 60, 105), (0, 0.001, 45.001), (1, 45, 45), (1, 0.001, 0.001), (1, 0, 0), (1, 0, 0),
    ]  # fmt: skip
    assert [pause.over(after(at)) for at in (104.999, 105)] == [False, True]


def test_a_skipped_step_is_over_and_the_next_has_its_whole_time() -> None:
    skipped = a_pause(60, 45, resting=100).skip(after(20.5))
    assert (place(skipped, 20.5), skipped.version) == ((1, 45, 145), 2)
    assert code(a_pause(60, 45).skip, after(70)) == "pause.last_step"
    assert code(a_pause(60, 45).wind_up(after(10)).skip, after(12)) == "pause.last_step"


def test_the_present_step_is_extended_and_nothing_else() -> None:
    extended = a_pause(60, 45).extend(after(59), 30)
    assert [place(extended, at) for at in (59, 89, 90)] == [(0, 31, 76), (0, 1, 46), (1, 45, 45)]
    assert code(a_pause(60).extend, after(60), 30) == "pause.over"
    assert code(a_pause(60, resting=3600 * 4).extend, after(0), 1) == "pause.too_long"


@pytest.mark.parametrize("at", [0, 50, 59, 61, 100])
def test_whatever_was_to_come_it_ends_in_half_a_minute(at: float) -> None:
    wound = a_pause(60, 45, resting=600).wind_up(after(at))
    assert wound.ends_at == after(at) + HANDOVER
    assert wound.wind_up(after(at + 5)) is wound
    assert wound.at(after(at)).step == a_pause(60, 45, resting=600).at(after(at)).step


def test_the_rest_follows_the_agenda_and_exercises_do_not() -> None:
    pause = a_pause(60, resting=300)
    assert pause.follow(after(30), timedelta(minutes=5)).ends_at == pause.ends_at + timedelta(minutes=5)
    assert pause.follow(after(30), timedelta(minutes=-3)).ends_at == pause.ends_at - timedelta(minutes=3)
    assert pause.follow(after(100), timedelta(minutes=-60)).ends_at == after(100) + HANDOVER
    assert pause.follow(after(10), timedelta(minutes=-60)).ends_at == after(60)
    assert pause.follow(after(355), timedelta(minutes=-1)) is pause
    assert a_pause(60, 60).follow(after(10), timedelta(minutes=5)).shifts == (0, 0)


PRESSES = st.lists(
    st.tuples(st.floats(0, 200), st.sampled_from(["skip", "extend", "wind_up", "follow", "wait"]), st.integers(1, 300)),
    max_size=12,
)
PAUSES = st.builds(a_pause, st.integers(1, 300), st.integers(1, 300), st.integers(1, 300), resting=st.integers(0, 900))


def pressed(pause: Pause, at: float, press: str, seconds: int) -> Pause:
    """The pause after a press, if it was one."""
    try:
        match press:
            case "skip":
                return pause.skip(after(at))
            case "extend":
                return pause.extend(after(at), seconds)
            case "wind_up":
                return pause.wind_up(after(at))
            case "follow":
                return pause.follow(after(at), timedelta(seconds=seconds - 150))
    except ConferenceError:
        pass
    return pause


@settings(deadline=None)
@given(pause=PAUSES, presses=PRESSES)
def test_no_press_takes_time_back_that_has_passed(pause: Pause, presses: list[tuple[float, str, int]]) -> None:
    at = 0.0
    for wait, press, seconds in presses:
        at = round(at + wait, 3)
        before, now = pause, pause.at(after(at))
        pause = pressed(pause, at, press, seconds)
        place = pause.at(after(at))
        assert all(length >= 0 for length in pause.lengths)
        assert pause.version - before.version in (0, 1)
        assert (pause is before) == (pause.version == before.version)
        assert place.step >= now.step
        assert pause.over(after(at)) == before.over(after(at)), press
        assert pause.ends_at - after(at) <= max(LONGEST, before.ends_at - after(at))
        assert place.left_in_all == max(0, (pause.ends_at - after(at)) // timedelta(milliseconds=1))


_PAGE = """
import { pauseAt } from "./static/js/state/pauses.js";
import { readFileSync } from "node:fs";
const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ pause, at }) => {
  const { step, into, left, leftInAll } = pauseAt(pause, Date.parse(at));
  return [step, into, left, leftInAll];
})));
"""


@settings(max_examples=20, deadline=None)
@given(days=st.lists(st.tuples(PAUSES, PRESSES, st.floats(-100, 3000)), min_size=20, max_size=20))
def test_the_page_computes_the_same(days: list[tuple[Pause, list[tuple[float, str, int]], float]]) -> None:
    cases, ours = [], []
    for pause, presses, at in days:
        for wait, press, seconds in presses:
            pause = pressed(pause, wait, press, seconds)
        now = after(round(at, 3))
        found = pause.at(now)
        ours.append([found.step, found.into, found.left, found.left_in_all])
        cases.append({"pause": pause.as_dict(), "at": now.isoformat(timespec="milliseconds")})
    node = ["node", "--input-type=module", "-e", _PAGE]
    answer = subprocess.run(node, input=json.dumps(cases), capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(answer.stdout) == ours


# --- what is planned --------------------------------------------------------------------------------------------------

ENDS = START + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("begun", "resting"),
    [(0, 840), (-3600, 840), (-60, 840), (300, 540), (779, 61), (780, 60), (781, None), (3000, None)],
)
def test_begun_early_or_late_it_ends_as_planned_and_exercises_have_their_time(
    begun: float, resting: int | None
) -> None:
    kind, steps = plan([EXERCISE], START, ENDS, after(begun), None)
    assert (kind, steps[0]) == (Kind.ACTIVE, EXERCISE)
    assert [step.seconds for step in steps[1:]] == ([] if resting is None else [resting])


def test_a_break_lasts_until_the_day_goes_on_or_as_long_as_was_chosen() -> None:
    assert plan([], START, ENDS, after(60), None) == (Kind.BREAK, (rest(840),))
    assert plan([], START, ENDS, after(9999), None) == (Kind.BREAK, (rest(60),))
    assert plan([EXERCISE], START, ENDS, after(0), 5) == (Kind.BREAK, (rest(300),))
    for minutes in (0, -1, 181):
        with pytest.raises(BadRequest):
            plan([], START, ENDS, after(0), minutes)


# --- what is drawn ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "figure"),
    [
        ("Schultern kreisen", "shoulders"), ("Blick in die Ferne", "look"), ("Seitneigung", "lean"),
        ("Durchatmen", "breathe"), ("Handgelenke lockern", "wrists"), ("Nacken dehnen", "neck"), ("Aufstehen", "rise"),
        ("Auf der Stelle gehen", "march"), ("Oberkörper drehen", "twist"), ("Arme nach oben", "stretch"),
        ("", "stretch"),
    ],
)  # fmt: skip
def test_titles_say_what_is_drawn(title: str, figure: str) -> None:
    assert figure_for(title) == figure


def test_a_programme_may_name_the_figure() -> None:
    step = {"title": "Schultern kreisen", "seconds": 30, "sitting": "a", "standing": "b"}
    read = exercises({"variants": ["sitting"], "steps": [step, {**step, "figure": "twist"}]})
    assert [(s.figure, s.texts) for s in read] == [("shoulders", {"sitting": "a"}), ("twist", {"sitting": "a"})]
    assert set(programme.FIGURES) == set(FIGURES)


def test_every_figure_is_drawn_and_moves() -> None:
    css = (ROOT / "static/css/pauses.css").read_text("utf-8")
    moved = {name for name in (*FIGURES, REST) if f'[data-figure="{name}"]' in css}
    assert moved == {*FIGURES, REST}
