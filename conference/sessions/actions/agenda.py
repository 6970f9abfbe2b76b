"""Verbs on the agenda: move a session, shift its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from conference.core.clock import iso
from conference.core.errors import BadRequest, ConferenceError
from conference.core.facts import DAY
from conference.sessions import queries
from conference.sessions.actions import presence, stage
from conference.sessions.facts import SessionMoved, SessionShifted
from conference.sessions.model import MOVES, State
from conference.sessions.tables import RunRow, SessionRow
from conference.store.unit import Unit

DAY_MINUTES = 720


async def move(unit: Unit, key: str, to: State) -> None:
    """Move a session to another state; the time it runs is kept, and at its end the stage is cleared.

    Raises:
        ConferenceError: ``session.move`` when the table of moves does not have it.
    """
    row = await queries.row(unit.db, key)
    old = State(row.state)
    if old is to:
        return
    MOVES.check(old, to)
    if old is State.LIVE:
        await _stop_running(unit, row)
        await stage.end_word(unit, row)
    if to is State.LIVE:
        row.running_since = unit.now
        unit.db.add(RunRow(session_id=row.id, began=unit.now))
    row.state = to.value
    await unit.tell(DAY, SessionMoved(key, to.value, iso(row.running_since)))
    if to in (State.ENDED, State.PLANNED):
        await stage.clear(unit, row)
    if to is State.ENDED:
        await presence.leave_hall(unit, row.id)


async def _stop_running(unit: Unit, row: SessionRow) -> None:
    row.running_since = None
    running = select(RunRow).where(RunRow.session_id == row.id, RunRow.ended.is_(None))
    for run in (await unit.db.execute(running)).scalars():
        run.ended = unit.now


async def shift(unit: Unit, key: str, minutes: int, following: bool) -> None:
    """Move a session's time, and on wish that of all that follow. A running session keeps its beginning.

    Raises:
        ConferenceError: ``session.over``, ``session.too_short``, ``session.too_early``.
    """
    if not -DAY_MINUTES <= minutes <= DAY_MINUTES or minutes == 0:
        raise BadRequest(f"Bitte um 1 bis {DAY_MINUTES} Minuten verschieben.")
    rows = await queries.rows(unit.db)
    first = await queries.row(unit.db, key)
    if first.state == State.ENDED:
        raise ConferenceError("session.over", "Diese Veranstaltung ist schon vorbei.")
    chosen = [row for row in rows if row.id == first.id or (following and row.position > first.position)]
    moved = [row for row in chosen if row.state != State.ENDED]
    for row in moved:
        _shift_row(unit, row, timedelta(minutes=minutes))
    earlier = [row for row in rows if row.position < first.position and row.state != State.ENDED]
    if minutes < 0 and any(row.starts > first.starts for row in earlier):
        raise ConferenceError("session.too_early", "Dann begänne die Veranstaltung vor einer, die noch davor kommt.")
    shown: list[dict[str, Any]] = [
        {"key": row.key, "starts": iso(row.starts), "ends": iso(row.ends), "shifted": row.shifted} for row in moved
    ]
    await unit.tell(DAY, SessionShifted(shown))


def _shift_row(unit: Unit, row: SessionRow, by: timedelta) -> None:
    if row.state != State.LIVE:
        row.starts += by
        row.shifted += by // timedelta(minutes=1)
    row.ends += by
    if row.ends <= row.starts:
        raise ConferenceError("session.too_short", "Dann wäre die Veranstaltung zu Ende, bevor sie beginnt.")
    row.sequence += 1
    row.changed_at = unit.now
