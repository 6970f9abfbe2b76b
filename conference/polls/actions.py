"""Verbs on polls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update

from conference.core.errors import ConferenceError
from conference.core.ids import new_id
from conference.people.model import Person
from conference.polls import queries
from conference.polls.facts import (
    BallotCast,
    PollClosed,
    PollCreated,
    PollDiscarded,
    PollEdited,
    PollHidden,
    PollOpened,
    PollPublished,
    PollResulted,
)
from conference.polls.model import Choice, Poll, State
from conference.polls.tables import AnonymousCountRow, BallotRow, PollRow, PollRunRow, VoterRow
from conference.sessions import queries as session_queries
from conference.sessions.model import State as SessionState
from conference.store.facts_log import upsert
from conference.store.unit import Unit

POLLS_PER_SESSION = 100


async def prepare(unit: Unit, session_id: int, polls: Sequence[Poll]) -> None:
    """Take a programme's polls over: new ones are added, drafts follow the programme, opened ones stay as they were.

    Prepared drafts that the programme no longer has go; what was made on the spot stays.
    """
    rows = {row.key: row for row in await _rows(unit, session_id)}
    for position, poll in enumerate(polls):
        row = rows.pop(poll.key, None)
        if row is None:
            row = _new_row(session_id, poll, position, prepared=True)
            unit.db.add(row)
        elif row.state == State.DRAFT and not row.run:
            row.take(poll.check())
        row.position = position
    for gone in rows.values():
        if gone.prepared and gone.state == State.DRAFT and not gone.run:
            await unit.db.delete(gone)
    await unit.db.flush()


async def create(unit: Unit, key: str, poll: Poll) -> str:
    """Make a draft on the spot; returns its key.

    Raises:
        ConferenceError: ``poll.invalid``, ``poll.too_many``.
    """
    session = await session_queries.row(unit.db, key)
    existing = await _rows(unit, session.id)
    if len(existing) >= POLLS_PER_SESSION:
        raise ConferenceError("poll.too_many", f"Mehr als {POLLS_PER_SESSION} Umfragen sind nicht vorgesehen.")
    poll = replace(poll, key=new_id("poll", 8)).check()
    row = _new_row(session.id, poll, 1 + max((r.position for r in existing), default=-1), prepared=False)
    unit.db.add(row)
    await unit.db.flush()
    await unit.tell(key, PollCreated(queries.poll_view(row, None, None)))
    return poll.key


async def edit(unit: Unit, key: str, poll: Poll) -> None:
    """Change a draft. Raises ConferenceError ``poll.not_draft``, ``poll.invalid``."""
    row = await _row(unit, key, poll.key)
    row.take(row.to_model().edited(poll))
    await unit.tell(key, PollEdited(queries.poll_view(row, None, None)))


async def discard(unit: Unit, key: str, poll: str) -> None:
    """Throw a draft away; a poll that was ever opened is kept. Raises ConferenceError ``poll.not_draft``."""
    row = await _row(unit, key, poll)
    if row.run or row.state != State.DRAFT:
        raise ConferenceError("poll.not_draft", "Über diese Frage wurde schon abgestimmt; sie bleibt im Protokoll.")
    await unit.db.delete(row)
    await unit.tell(key, PollDiscarded(poll))


async def open_poll(unit: Unit, key: str, poll: str) -> None:
    """Begin a run. One poll of a session is open at a time.

    Raises:
        ConferenceError: ``poll.move``, ``poll.another_open``, ``poll.not_live``.
    """
    row = await _row(unit, key, poll)
    session = await session_queries.row(unit.db, key)
    if session.state not in (SessionState.LIVE, SessionState.BACKSTAGE):
        raise ConferenceError("poll.not_live", "Abgestimmt wird, während die Veranstaltung läuft.")
    if any(other.id != row.id for other in await queries.open_polls(unit.db, row.session_id)):
        raise ConferenceError("poll.another_open", "Bitte zuerst die offene Umfrage schließen.")
    row.take(row.to_model().moved(State.OPEN))
    unit.db.add(PollRunRow(poll_id=row.id, number=row.run, opened_at=unit.now))
    await unit.db.flush()
    await unit.tell(key, PollOpened(queries.poll_view(row, None, None)))


async def close(unit: Unit, key: str, poll: str) -> None:
    """End the run and freeze its result; nobody but moderators sees it yet. Raises ConferenceError ``poll.move``."""
    row = await _row(unit, key, poll)
    moved = row.to_model()
    if moved.state is not State.OPEN:
        raise ConferenceError("poll.closed", "Die Umfrage ist nicht offen.")
    result = await queries.live_result(unit.db, row)
    row.take(moved.moved(State.CLOSED))
    await _set_run(unit, row, closed_at=unit.now, result=result)
    await unit.tell(key, PollClosed(poll, row.run))
    await unit.tell(key, PollResulted(poll, row.run, result))


async def publish(unit: Unit, key: str, poll: str) -> None:
    """Show the frozen result to everybody. Raises ConferenceError ``poll.move``."""
    row = await _row(unit, key, poll)
    row.take(row.to_model().moved(State.PUBLISHED))
    await _set_run(unit, row, published_at=unit.now)
    run = await queries.current_run(unit.db, row)
    await unit.tell(key, PollPublished(poll, row.run, (run.result if run else None) or {}))


async def hide(unit: Unit, key: str, poll: str) -> None:
    """Show the result to moderators only again. Raises ConferenceError ``poll.move``."""
    row = await _row(unit, key, poll)
    if row.state != State.PUBLISHED:
        raise ConferenceError("poll.move", "Dieses Ergebnis wird nicht gezeigt.")
    row.take(row.to_model().moved(State.CLOSED))
    await unit.tell(key, PollHidden(poll, row.run))


async def cast_ballot(unit: Unit, key: str, person: Person, poll: str, run: int, choice: Choice) -> bool:
    """Take a person's ballot; False when the very same is there already (sending again is harmless).

    The tables' keys, not this code, promise one ballot per person and run.

    Raises:
        ConferenceError: ``poll.closed``, ``poll.run``, ``poll.choice``, ``poll.voted``.
    """
    row = await _row(unit, key, poll)
    current = await queries.current_run(unit.db, row)
    earlier = await _earlier(unit, row, current, person) if current else None
    kept = row.to_model().cast(run, choice, earlier)
    if kept is None or current is None:
        return False
    if row.anonymous:
        await _count_anonymously(unit, current.id, person.id, str(kept[0]) if row.kind == "words" else kept)
    else:
        await _keep(unit, current.id, person.id, kept)
    said = None if row.anonymous else queries.wire_choice(row.kind, kept)
    await unit.tell(key, BallotCast(poll, run, said, person.public_id))
    return True


async def _earlier(unit: Unit, row: PollRow, run: PollRunRow, person: Person) -> Sequence[Any] | None:
    if row.anonymous:
        return [] if await unit.db.get(VoterRow, (run.id, person.id)) else None
    ballot = await unit.db.get(BallotRow, (run.id, person.id))
    return ballot.choice if ballot else None


async def _keep(unit: Unit, run_id: int, person_id: int, kept: list[Any]) -> None:
    values = {"choice": kept, "cast_at": unit.now}
    statement = upsert(unit.db)(BallotRow).values(run_id=run_id, person_id=person_id, **values)
    await unit.db.execute(statement.on_conflict_do_update(index_elements=["run_id", "person_id"], set_=values))


async def _count_anonymously(unit: Unit, run_id: int, person_id: int, kept: list[Any] | str) -> None:
    unit.db.add(VoterRow(run_id=run_id, person_id=person_id))
    await unit.db.flush()  # a second voter row is refused here, before anything is counted
    values = [await _spelling(unit, run_id, kept)] if isinstance(kept, str) else [str(value) for value in kept]
    for value in values:
        statement = upsert(unit.db)(AnonymousCountRow).values(run_id=run_id, value=value, count=1)
        raised = {"count": AnonymousCountRow.count + 1}
        await unit.db.execute(statement.on_conflict_do_update(index_elements=["run_id", "value"], set_=raised))


async def _spelling(unit: Unit, run_id: int, word: str) -> str:
    """The word as it was first written in this run, if only upper and lower case differ."""
    known = await unit.db.execute(select(AnonymousCountRow.value).where(AnonymousCountRow.run_id == run_id))
    return next((value for value in known.scalars() if value.casefold() == word.casefold()), word)


async def _set_run(unit: Unit, row: PollRow, **values: Any) -> None:
    query = update(PollRunRow).where(PollRunRow.poll_id == row.id, PollRunRow.number == row.run)
    await unit.db.execute(query.values(**values))


async def _rows(unit: Unit, session_id: int) -> list[PollRow]:
    query = select(PollRow).where(PollRow.session_id == session_id).order_by(PollRow.position, PollRow.id)
    return list((await unit.db.execute(query)).scalars())


async def _row(unit: Unit, key: str, poll: str) -> PollRow:
    session = await session_queries.row(unit.db, key)
    return await queries.poll(unit.db, session.id, poll)


def _new_row(session_id: int, poll: Poll, position: int, *, prepared: bool) -> PollRow:
    row = PollRow(session_id=session_id, key=poll.key, position=position, prepared=prepared)
    row.take(poll.check())
    return row
