"""Verbs on polls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, update

from conference.core.clock import iso
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
from conference.polls.model import Choice, Kind, Poll, State
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
    await unit.tell(key, PollCreated(queries.poll_view(row)))
    return poll.key


async def edit(unit: Unit, key: str, poll: Poll) -> None:
    """Change a draft. Raises ConferenceError ``poll.not_draft``, ``poll.invalid``."""
    row = await _row(unit, key, poll.key)
    row.take(row.to_model().edited(poll))
    await unit.tell(key, PollEdited(queries.poll_view(row)))


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
    await unit.tell(key, PollOpened(queries.poll_view(row)))


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


async def close_open(unit: Unit, key: str) -> None:
    """The session is over: what is still open closes, and keeps its result."""
    session = await session_queries.row(unit.db, key)
    for row in await queries.open_polls(unit.db, session.id):
        await close(unit, key, row.key)


async def publish(unit: Unit, key: str, poll: str) -> None:
    """Show the frozen result to everybody. Raises ConferenceError ``poll.move``."""
    row = await _row(unit, key, poll)
    row.take(row.to_model().moved(State.PUBLISHED))
    await _set_run(unit, row, published_at=unit.now)
    run = await queries.current_run(unit.db, row)
    await unit.tell(key, PollPublished(poll, row.run, iso(unit.now), (run.result if run else None) or {}))


async def hide(unit: Unit, key: str, poll: str) -> None:
    """Show the result to moderators only again. Raises ConferenceError ``poll.move``."""
    row = await _row(unit, key, poll)
    if row.state != State.PUBLISHED:
        raise ConferenceError("poll.move", "Dieses Ergebnis wird nicht gezeigt.")
    row.take(row.to_model().moved(State.CLOSED))
    await unit.tell(key, PollHidden(poll, row.run))


@dataclass(frozen=True)
class Cast:
    """A ballot as it arrives: whose, of which poll, for the run that the person saw, and the choice as it was sent."""

    session: str
    poll: str
    person: Person
    run: int
    choice: Choice


async def cast_ballots(unit: Unit, casts: Sequence[Cast]) -> list[bool | Exception]:
    """Take ballots. For each: True, False when the very same is there already (sending again is harmless), or why not.

    The tables' keys, not this code, promise one ballot per person and run. Refusals are ConferenceErrors:
    ``poll.closed``, ``poll.run``, ``poll.choice``, ``poll.voted``; NotFound.
    """
    outcomes: dict[int, bool | Exception] = {}
    for session, poll in dict.fromkeys((cast.session, cast.poll) for cast in casts):
        meant = [i for i, cast in enumerate(casts) if (cast.session, cast.poll) == (session, poll)]
        try:
            decided = await _cast_in(unit, session, poll, [casts[i] for i in meant])
        except ConferenceError as refusal:
            decided = [refusal] * len(meant)
        outcomes.update(zip(meant, decided, strict=True))
    return [outcomes[i] for i in range(len(casts))]


async def _cast_in(unit: Unit, key: str, poll: str, casts: Sequence[Cast]) -> Sequence[bool | Exception]:
    """The ballots of one poll."""
    row = await _row(unit, key, poll)
    current = await queries.current_run(unit.db, row)
    earlier = await _earlier(unit, row, current, [cast.person.id for cast in casts]) if current else {}
    rules, outcomes, taken = row.to_model(), list[bool | Exception](), dict[int, list[Any]]()
    facts = []
    for cast in casts:
        try:
            kept = rules.cast(cast.run, cast.choice, earlier.get(cast.person.id))
        except ConferenceError as refusal:
            outcomes.append(refusal)
            continue
        outcomes.append(kept is not None)
        if kept is not None:
            taken[cast.person.id] = earlier[cast.person.id] = kept
            said = None if row.anonymous else queries.wire_choice(row.kind, kept)
            facts.append(BallotCast(poll, cast.run, said, cast.person.public_id))
    if current and taken:
        await (_count_anonymously if row.anonymous else _keep)(unit, row, current.id, taken)
        await unit.tell(key, *facts)
    return outcomes


async def _earlier(unit: Unit, row: PollRow, run: PollRunRow, people: Sequence[int]) -> dict[int, Sequence[Any]]:
    """What these people chose in this run before; an empty list for those who voted anonymously."""
    if row.anonymous:
        voted = select(VoterRow.person_id).where(VoterRow.run_id == run.id, VoterRow.person_id.in_(people))
        return {person: [] for person in (await unit.db.execute(voted)).scalars()}
    ballots = select(BallotRow.person_id, BallotRow.choice)
    found = await unit.db.execute(ballots.where(BallotRow.run_id == run.id, BallotRow.person_id.in_(people)))
    return {person: choice for person, choice in found}  # noqa: C416 (a Result is no mapping)


async def _keep(unit: Unit, _row: PollRow, run_id: int, taken: Mapping[int, list[Any]]) -> None:
    rows = [
        {"run_id": run_id, "person_id": person, "choice": kept, "cast_at": unit.now} for person, kept in taken.items()
    ]
    statement = upsert(unit.db)(BallotRow).values(rows)
    changed = {"choice": statement.excluded.choice, "cast_at": statement.excluded.cast_at}
    await unit.db.execute(statement.on_conflict_do_update(index_elements=["run_id", "person_id"], set_=changed))


async def _count_anonymously(unit: Unit, row: PollRow, run_id: int, taken: Mapping[int, list[Any]]) -> None:
    unit.db.add_all(VoterRow(run_id=run_id, person_id=person) for person in sorted(taken))
    await unit.db.flush()  # a second voter row is refused here, before anything is counted
    values = [value for kept in taken.values() for value in kept]
    known = await _spellings(unit, run_id) if row.kind == Kind.WORDS else {}
    counted = Counter(known.setdefault(str(value).casefold(), str(value)) for value in values)
    rows = [{"run_id": run_id, "value": value, "count": count} for value, count in counted.items()]
    statement = upsert(unit.db)(AnonymousCountRow).values(rows)
    raised = {"count": AnonymousCountRow.count + statement.excluded.count}
    await unit.db.execute(statement.on_conflict_do_update(index_elements=["run_id", "value"], set_=raised))


async def _spellings(unit: Unit, run_id: int) -> dict[str, str]:
    """The words of a run as they were first written, by their folded case."""
    words = await unit.db.execute(select(AnonymousCountRow.value).where(AnonymousCountRow.run_id == run_id))
    return {word.casefold(): word for word in words.scalars()}


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
