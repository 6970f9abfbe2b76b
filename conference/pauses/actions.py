"""Verbs on pauses: start, skip, extend, end, be back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select

from conference.core.errors import ConferenceError, NotFound
from conference.pauses import queries
from conference.pauses.facts import PauseEnded, PauseReturned, PauseShifted, PauseStarted
from conference.pauses.model import Pause, exercises, plan
from conference.pauses.tables import PauseReturnRow, PauseRow
from conference.people.model import Person
from conference.sessions import queries as sessions
from conference.sessions.actions import agenda
from conference.sessions.model import State
from conference.sessions.tables import SessionRow
from conference.store.facts_log import upsert
from conference.store.unit import Unit

PAUSE_KINDS = ("active_pause", "break")
"""Sessions that are a pause from beginning to end; in a live session one can be put in."""


async def start(unit: Unit, key: str, minutes: int | None) -> int:
    """Begin a pause, and the session with it; one that runs already goes on. Returns its run.

    Args:
        minutes: of a plain break; None is what the programme says.

    Raises:
        ConferenceError: ``pause.kind``, ``pause.not_live``, ``pause.length``.
    """
    row = await sessions.row(unit.db, key)
    if row.kind not in (*PAUSE_KINDS, "live"):
        raise ConferenceError("pause.kind", "In dieser Veranstaltung gibt es keine Pause.")
    if row.kind == "live" and row.state != State.LIVE:
        raise ConferenceError("pause.not_live", "Eine Pause gibt es nur, während die Veranstaltung läuft.")
    if row.kind == "live" and minutes is None:
        raise ConferenceError("pause.length", "Bitte angeben, wie lange die Pause dauert.")
    known = await queries.running(unit.db, row.id)
    if known is not None:
        return known.run
    begun = await _begin(unit, row, minutes)
    if row.state != State.LIVE:
        await agenda.move(unit, key, State.LIVE)
    return begun


async def begin_with(unit: Unit, key: str) -> None:
    """A session went live: if it is a pause, its pause begins."""
    row = await sessions.row(unit.db, key)
    if row.kind in PAUSE_KINDS and await queries.running(unit.db, row.id) is None:
        await _begin(unit, row, None)


async def _begin(unit: Unit, row: SessionRow, minutes: int | None) -> int:
    now = unit.now.replace(microsecond=unit.now.microsecond // 1000 * 1000)  # pages are told milliseconds
    steps = exercises(row.extra) if row.kind == "active_pause" else ()
    kind, planned = plan(steps, row.starts, row.ends, now, minutes)
    query = select(func.coalesce(func.max(PauseRow.run), 0)).where(PauseRow.session_id == row.id)
    run = (await unit.db.execute(query)).scalar_one() + 1
    pause = Pause(run, kind, now, planned, (0,) * len(planned))
    kept = PauseRow(
        session_id=row.id,
        run=run,
        kind=kind.value,
        started_at=now,
        ended_at=None,
        steps=[step.as_dict() for step in planned],
        shifts=list(pause.shifts),
        version=pause.version,
    )
    unit.db.add(kept)
    await unit.db.flush()
    await unit.tell(row.key, PauseStarted({**pause.as_dict(), "mine": {"back": False}}))
    return run


async def skip(unit: Unit, key: str, run: int, step: int) -> None:
    """End a step; one that is over already stays so (two moderators at once skip once).

    Raises:
        ConferenceError: ``pause.last_step``; NotFound.
    """
    row = await _running(unit, key, run)
    pause = row.to_model()
    if pause.at(unit.now).step == step:
        await _shift(unit, key, row, pause.skip(unit.now))


async def extend(unit: Unit, key: str, run: int, seconds: int, version: int) -> None:
    """Let the present step last longer.

    Args:
        version: of the pause as it was seen when this was pressed: of two at once one counts.

    Raises:
        ConferenceError: ``pause.changed``, ``pause.too_long``, ``pause.over``; NotFound.
    """
    row = await _running(unit, key, run)
    if row.version != version:
        raise ConferenceError("pause.changed", "Die Pause wurde gerade schon geändert. Bitte noch einmal hinsehen.")
    await _shift(unit, key, row, row.to_model().extend(unit.now, seconds))


async def wind_up(unit: Unit, key: str, run: int) -> None:
    """Let the pause end in 30 s. Raises NotFound."""
    row = await _running(unit, key, run)
    await _shift(unit, key, row, row.to_model().wind_up(unit.now))


async def follow_agenda(unit: Unit, key: str, minutes: int, following: bool) -> None:
    """A session's time moved, and on wish that of all that follow: the rest of a pause that is one of them follows."""
    first = await sessions.row(unit.db, key)
    for session in await sessions.rows(unit.db):
        moved = session.id == first.id or (following and session.position > first.position)
        row = await queries.running(unit.db, session.id) if moved and session.kind in PAUSE_KINDS else None
        if row is not None:
            await _shift(unit, session.key, row, row.to_model().follow(unit.now, timedelta(minutes=minutes)))


async def close(unit: Unit, key: str) -> None:
    """End the pause that runs in a session, if there is one; who was back is forgotten."""
    session = await sessions.row(unit.db, key)
    row = await queries.running(unit.db, session.id)
    if row is None:
        return
    row.ended_at = unit.now
    await unit.db.execute(delete(PauseReturnRow).where(PauseReturnRow.pause_id == row.id))
    await unit.tell(key, PauseEnded(row.run))


async def check(unit: Unit, key: str, run: int) -> None:
    """Raise NotFound unless this pause runs in the session."""
    await _running(unit, key, run)


async def be_back(unit: Unit, key: str, run: int, person: Person, back: bool) -> None:
    """Say *bin wieder da*, or take it back. Raises NotFound."""
    row = await _running(unit, key, run)
    mine = await unit.db.get(PauseReturnRow, (row.id, person.id))
    if (mine is not None) == back:
        return
    if mine is not None:
        await unit.db.delete(mine)
    else:
        values = {"pause_id": row.id, "person_id": person.id}
        await unit.db.execute(upsert(unit.db)(PauseReturnRow).values(**values).on_conflict_do_nothing())
    await unit.tell(key, PauseReturned(row.run, back, person.public_id))


async def _running(unit: Unit, key: str, run: int) -> PauseRow:
    session = await sessions.row(unit.db, key)
    row = await queries.running(unit.db, session.id)
    if row is None or row.run != run:
        raise NotFound("Diese Pause")
    return row


async def _shift(unit: Unit, key: str, row: PauseRow, pause: Pause) -> None:
    if pause.version == row.version:
        return
    row.take(pause)
    await unit.tell(key, PauseShifted(row.run, list(pause.shifts), pause.version))
