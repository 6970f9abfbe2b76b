"""The run of show: which cues a programme makes, and that editing keeps their order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.core.errors import ConferenceError, NotFound
from conference.direction import queries
from conference.direction.model import Cue, Kind, State, derive, first_waiting, merge, put
from conference.sessions import queries as sessions
from tests.visits import open_room


async def test_the_programme_makes_the_cues(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room, room.store.reading() as db:
        cues = derive(await sessions.agenda(db), await queries.prepared_polls(db))
        kept = [row.to_model() for row in await queries.cues(db)]
    assert kept == cues
    keys = [cue.key for cue in cues]
    assert keys[:6] == [
        "ankommen:session.start", "live-1:session.backstage", "ankommen:session.end", "live-1:session.start",
        "live-1:part:diskussion", "live-1:part:interview",
    ]  # fmt: skip
    assert keys[6:8] == ["live-1:poll.open:lage", "live-1:poll.show:lage"]
    assert keys[12:18] == [
        "live-1:session.end", "aktiv-pause:session.start", "arbeitsgruppen:groups.start", "live-2:session.backstage",
        "arbeitsgruppen:groups.recall", "arbeitsgruppen:session.end",
    ]  # fmt: skip
    assert keys[-2:] == ["feedback:session.start", "feedback:session.end"]
    assert len(set(keys)) == len(keys)


def _run(done: int, count: int) -> list[Cue]:
    states = [State.DONE] * done + [State.WAITING] * (count - done)
    return [Cue(f"c{n}", Kind.START, "s", state=state) for n, state in enumerate(states)]


RUNS = st.integers(0, 8).flatmap(lambda count: st.integers(0, count).map(lambda done: _run(done, count)))


@given(run=RUNS, which=st.integers(0, 9), before=st.one_of(st.none(), st.integers(0, 9)))
def test_putting_a_cue_keeps_all_others_in_order(run: list[Cue], which: int, before: int | None) -> None:
    cue = next((c for c in run if c.key == f"c{which}" and c.state is State.WAITING), Cue("new", Kind.END, "s"))
    try:
        after = put(run, cue, None if before is None else f"c{before}")
    except (ConferenceError, NotFound):
        return
    rest = [c for c in run if c.key != cue.key]
    assert [c for c in after if c.key != cue.key] == rest
    assert sum(c.key == cue.key for c in after) == 1
    assert first_waiting(after) == first_waiting(run), "what is done stays in front"
    assert all(c.state is State.WAITING for c in after[first_waiting(after) :])


FRESH = st.lists(st.sampled_from([f"c{n}" for n in range(10)]), unique=True)


@given(run=RUNS, fresh=FRESH, removed=st.sets(st.sampled_from(["c8", "c9"])), own=st.booleans())
def test_a_programme_read_again_loses_and_doubles_nothing(
    run: list[Cue], fresh: list[str], removed: set[str], own: bool
) -> None:
    made = [Cue("own-1", Kind.MESSAGE, "s", text="Hallo", own=True)] if own else []
    again = [Cue(key, Kind.START, "s", text="neu") for key in fresh]
    after = merge([*run, *made], again, removed)
    keys = [cue.key for cue in after]
    assert len(set(keys)) == len(keys)
    assert [c.key for c in after if c.state is State.DONE] == [c.key for c in run if c.state is State.DONE]
    assert {c.key for c in after if c.state is State.WAITING and not c.own} == set(fresh) - removed - {
        c.key for c in run if c.state is State.DONE
    } | (set(fresh) & {c.key for c in run if c.state is State.WAITING})
    assert ("own-1" in keys) == (own and bool(fresh))
    assert all(c.state is State.WAITING for c in after[first_waiting(after) :])
    assert merge(after, again, removed) == after


def test_a_done_cue_stays_where_it_is() -> None:
    run = _run(2, 4)
    with pytest.raises(ConferenceError) as refused:
        put(run, replace(run[3]), "c1")
    assert refused.value.code == "direction.past"
