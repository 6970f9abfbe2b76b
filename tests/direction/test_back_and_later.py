"""Taking a step back restores what was; shifting keeps durations and order: after any beginning of a day."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conference.core.clock import from_iso
from conference.core.errors import ConferenceError
from conference.hall.visit import Visit
from tests.house import MODERATOR, ORGANISER, SPEAKER
from tests.visits import Room, open_room

SESSIONS = ("live-1", "aktiv-pause", "arbeitsgruppen", "live-2")
NEVER_BEFORE = {"running_since", "sequence"}
ASKED = dict.fromkeys(("draft", "open", "closed"), "not shown")
"""A poll whose opening or showing is taken back is closed."""
PRESSES = st.lists(st.sampled_from(["next", "next", "next", "skip", "the clock"]), max_size=24)


async def _picture(room: Room, visits: dict[str, Visit]) -> dict[str, Any]:
    """What everybody sees of the day, but for counters and since when it is so."""
    found: dict[str, Any] = {}
    for key, visit in visits.items():
        shown = await room.snapshot(visit)
        groups = shown["breakouts"]
        found[key] = {
            "agenda": [{k: v for k, v in item.items() if k not in NEVER_BEFORE} for item in shown["agenda"]],
            "screen": shown["show"]["screen"],
            "part": shown["show"]["part"] and shown["show"]["part"]["part"],
            "message": shown["show"]["message"],
            "polls": {poll["key"]: ASKED.get(poll["state"], poll["state"]) for poll in shown["polls"]},
            "stage": [slot and slot["person"] for slot in (shown["stage"] or {"slots": []})["slots"]],
            "pause": shown["pause"] is not None,
            "groups": groups and groups["round"]["phase"] in ("announced", "open"),
            "board": shown["board"],
        }
    cues = (await room.snapshot(visits["live-1"]))["direction"]["cues"]
    return {**found, "cues": [(cue["key"], cue["state"]) for cue in cues]}


async def _step(room: Room, visits: dict[str, Visit]) -> int:
    return int((await room.snapshot(visits["live-1"]))["direction"]["step"])


async def _press(room: Room, visits: dict[str, Visit], command: str, **body: Any) -> str:
    """A press by somebody who saw the newest step; *ok* or the code."""
    step = await _step(room, visits)
    body |= {"sure": True} if command == "next" else {}
    try:
        answer = await room.do(visits["live-1"], f"direction.{command}", session="live-1", step=step, **body)
    except ConferenceError as error:
        assert await _step(room, visits) == step
        return error.code
    assert answer == {"done": True}
    assert await _step(room, visits) == step + 1
    return "ok"


async def _begin(room: Room, presses: list[str]) -> dict[str, Visit]:
    visits = {key: await room.enter(ORGANISER if key == "live-1" else MODERATOR, key) for key in SESSIONS}
    speaker = await room.enter(SPEAKER, "live-1")
    for press in presses:
        if press == "the clock":
            room.clock.turn(seconds=40)
            await room.hall.groups.tick()
            await room.hall.stage_clock.tick()
        else:
            await _press(room, visits, press)
        with_camera = {"session": "live-1", "source": "camera"}
        try:
            await room.do(speaker, "stage.enter", **with_camera)
        except ConferenceError:
            continue
    return visits


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(presses=PRESSES)
def test_a_step_back_restores_what_was_or_changes_nothing(presses: list[str]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as directory:
            async with open_room(Path(directory)) as room:
                visits = await _begin(room, presses)
                before = await _picture(room, visits)
                if await _press(room, visits, "next") != "ok":
                    assert await _picture(room, visits) == before
                    return
                after = await _picture(room, visits)
                code = await _press(room, visits, "undo")
                assert code in ("ok", "direction.no_undo")
                assert await _picture(room, visits) == (before if code == "ok" else after)

    asyncio.run(play())


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@example(presses=["skip", "next"], minutes=[-31])  # before one that is still to come
@given(presses=PRESSES, minutes=st.lists(st.integers(-60, 60).filter(bool), min_size=1, max_size=3))
def test_shifting_keeps_durations_and_order(presses: list[str], minutes: list[int]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as directory:
            async with open_room(Path(directory)) as room:
                visits = await _begin(room, presses)
                for by in minutes:
                    before = (await room.snapshot(visits["live-1"]))["agenda"]
                    code = await _press(room, visits, "shift", minutes=by)
                    _check_shifted(before, (await room.snapshot(visits["live-1"]))["agenda"], by if code == "ok" else 0)

    asyncio.run(play())


def _check_shifted(before: list[dict[str, Any]], after: list[dict[str, Any]], minutes: int) -> None:
    """From some item on all are later by just as much; one that runs keeps its beginning; nothing else changes."""
    assert [item["key"] for item in before] == [item["key"] for item in after]
    moved = []
    for old, new in zip(before, after, strict=True):
        starts, ends = (from_iso(new[end]) - from_iso(old[end]) for end in ("starts", "ends"))
        by = timedelta(minutes=minutes)
        assert (starts, ends) in {(timedelta(0), timedelta(0)), (by, by), (timedelta(0), by)}
        assert (starts, ends) != (timedelta(0), by) or old["state"] == "live" or not minutes
        assert from_iso(new["starts"]) <= from_iso(new["ends"])
        moved.append(ends != timedelta(0))
    assert moved == sorted(moved), "all that follows"
    starts_in_order = [from_iso(item["starts"]) for item in after if item["state"] != "ended"]
    assert starts_in_order == sorted(starts_in_order)
