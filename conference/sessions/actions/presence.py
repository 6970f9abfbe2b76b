"""Verbs on presence: join, be seen, leave, check in at the hall, clean up after a crash."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from conference.core.errors import ConferenceError, NotFound
from conference.core.ids import new_id
from conference.people.model import Person
from conference.sessions import queries
from conference.sessions.model import State
from conference.sessions.tables import PresenceRow
from conference.store.facts_log import upsert
from conference.store.unit import Unit

ONLINE, HALL = "online", "hall"
_STILL_OPEN = PresenceRow.ended.is_(None)


@dataclass(frozen=True)
class Joining:
    """A visit that joins a session."""

    session: str
    person: Person
    visit: str


async def begin(unit: Unit, joining: Sequence[Joining]) -> list[Exception | None]:
    """Visits join: their intervals open. Joining twice is one interval (a unique key says so)."""
    ids = {row.key: row.id for row in await queries.rows(unit.db)}
    known = [each for each in joining if each.session in ids]
    await _open(unit, *(_interval(unit, ids[each.session], each.person.id, each.visit, ONLINE) for each in known))
    return [None if each.session in ids else NotFound("Diese Veranstaltung") for each in joining]


async def end(unit: Unit, visits: Collection[str], key: str | None = None) -> None:
    """Visits leave one session, or everything they had joined."""
    query = update(PresenceRow).where(PresenceRow.visit.in_(visits), _STILL_OPEN)
    if key is not None:
        query = query.where(PresenceRow.session_id == (await queries.row(unit.db, key)).id)
    await unit.db.execute(query.values(ended=unit.now, last_seen=unit.now))


async def end_all(unit: Unit, visits: Sequence[str]) -> list[None]:
    """Visits leave everything they had joined."""
    await end(unit, visits)
    return [None] * len(visits)


async def seen(unit: Unit, visits: Collection[str]) -> None:
    """Carry the open intervals of these visits forward, in one statement for all."""
    query = update(PresenceRow).where(PresenceRow.visit.in_(visits), _STILL_OPEN)
    await unit.db.execute(query.values(last_seen=unit.now))


async def recover(unit: Unit) -> int:
    """After a crash: intervals of visits that nobody closed end when they were last seen. Returns how many."""
    orphans = update(PresenceRow).where(_STILL_OPEN, PresenceRow.source == ONLINE).values(ended=PresenceRow.last_seen)
    closed = (await unit.db.execute(orphans.returning(PresenceRow.id))).all()
    return len(closed)


async def check_in(unit: Unit, key: str, person: Person) -> None:
    """Somebody is in the hall, until the session ends.

    Raises:
        ConferenceError: ``session.over``.
    """
    row = await queries.row(unit.db, key)
    if row.state == State.ENDED:
        raise ConferenceError("session.over", "Diese Veranstaltung ist schon vorbei.")
    already = select(PresenceRow.id).where(
        PresenceRow.session_id == row.id,
        PresenceRow.person_id == person.id,
        PresenceRow.source == HALL,
        _STILL_OPEN,
    )
    if (await unit.db.execute(already)).first() is None:
        await _open(unit, _interval(unit, row.id, person.id, new_id("hall"), HALL))


async def arrive(unit: Unit, key: str, person: Person) -> None:
    """Somebody who was checked in before, in whichever session, is in the hall in this one too.

    Raises:
        ConferenceError: ``hall.unknown`` for whoever was never checked in; ``session.over``.
    """
    if not await queries.in_hall(unit.db, person.id):
        raise ConferenceError("hall.unknown", "Bitte scannen Sie den Code vom Saalbild oder von Ihrem Namensschild.")
    await check_in(unit, key, person)


async def go(unit: Unit, key: str, person: Person) -> None:
    """Somebody leaves the hall before the session ends."""
    row = await queries.row(unit.db, key)
    mine = PresenceRow.session_id == row.id, PresenceRow.person_id == person.id, PresenceRow.source == HALL
    query = update(PresenceRow).where(*mine, _STILL_OPEN)
    await unit.db.execute(query.values(ended=unit.now, last_seen=unit.now))


async def leave_hall(unit: Unit, session_id: int) -> None:
    """The session ended: nobody attends it in the hall any more."""
    query = update(PresenceRow).where(PresenceRow.session_id == session_id, PresenceRow.source == HALL, _STILL_OPEN)
    await unit.db.execute(query.values(ended=unit.now, last_seen=unit.now))


async def seat(unit: Unit, session_id: int, person_id: int, visit: str, room: str) -> None:
    """A visit is in a room of the session from now on, or in none (""): one interval ends, the next begins."""
    mine = (PresenceRow.session_id == session_id, PresenceRow.visit == visit, _STILL_OPEN)
    open_now = (await unit.db.execute(select(PresenceRow.room).where(*mine))).scalar_one_or_none()
    if open_now == room:
        return
    await unit.db.execute(update(PresenceRow).where(*mine).values(ended=unit.now, last_seen=unit.now))
    await _open(unit, _interval(unit, session_id, person_id, visit, ONLINE, room))


async def unseat(unit: Unit, session_id: int, person_id: int | None = None) -> None:
    """Whoever is in a room of the session, or one person alone, is in the session as a whole again."""
    in_rooms = select(PresenceRow.person_id, PresenceRow.visit).where(
        PresenceRow.session_id == session_id, PresenceRow.room != "", _STILL_OPEN
    )
    if person_id is not None:
        in_rooms = in_rooms.where(PresenceRow.person_id == person_id)
    found = list(await unit.db.execute(in_rooms))
    for person_id, visit in found:
        await seat(unit, session_id, person_id, visit, "")


def _interval(
    unit: Unit, session_id: int, person_id: int, visit: str, source: str, room: str = ""
) -> dict[str, object]:
    times = {"began": unit.now, "last_seen": unit.now}
    return {
        "session_id": session_id, "person_id": person_id, "visit": visit, "source": source, "room": room, **times
    }  # fmt: skip


async def _open(unit: Unit, *intervals: dict[str, object]) -> None:
    if intervals:
        await unit.db.execute(upsert(unit.db)(PresenceRow).on_conflict_do_nothing(), intervals)
