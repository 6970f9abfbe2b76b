"""Reading working groups: what everybody sees from outside, what is known in a room, what the moderation sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.breakouts.model import Phase, Room, read_wishes
from conference.breakouts.tables import HelpRow, MessageRow, PlaceRow, RoomRow, RoundRow, WishRow
from conference.core.clock import iso
from conference.core.errors import ConferenceError, NotAllowed, NotFound
from conference.core.roles import Permission, may
from conference.people import queries as people_queries
from conference.people.model import Person
from conference.sessions import queries as sessions
from conference.sessions.model import Session
from conference.sessions.tables import SessionRow

MESSAGES = 50
"""How many messages a page shows, the newest."""
_RUNNING = (Phase.ANNOUNCED, Phase.OPEN)


# --- rows -------------------------------------------------------------------------------------------------------------


async def round_row(db: AsyncSession, session_id: int) -> RoundRow:
    """Where a session's working groups stand. Raises NotFound where there are none."""
    found = await db.get(RoundRow, session_id)
    if found is None:
        raise NotFound("Arbeitsgruppen in dieser Veranstaltung")
    return found


async def running(db: AsyncSession) -> list[tuple[RoundRow, str]]:
    """Rounds that are announced or open, with the session's key."""
    query = select(RoundRow, SessionRow.key).join(SessionRow, SessionRow.id == RoundRow.session_id)
    return [(row, key) for row, key in await db.execute(query.where(RoundRow.phase.in_(_RUNNING)))]


def due(row: RoundRow) -> datetime | None:
    """When the clock has something to do for a round that is announced or open."""
    return row.opens_at if row.phase == Phase.ANNOUNCED else row.ends_at


async def rooms(db: AsyncSession, session_id: int) -> list[RoomRow]:
    """The rooms of a session in their order."""
    query = select(RoomRow).where(RoomRow.session_id == session_id).order_by(RoomRow.position, RoomRow.key)
    return list((await db.execute(query)).scalars())


async def room_keys(db: AsyncSession, key: str) -> list[str]:
    """The keys of a session's rooms; none where there is no such session."""
    query = select(RoomRow.key).join(SessionRow, SessionRow.id == RoomRow.session_id).where(SessionRow.key == key)
    return list((await db.execute(query)).scalars())


async def place(db: AsyncSession, session_id: int, person_id: int) -> PlaceRow | None:
    """Somebody's place, or None."""
    return await db.get(PlaceRow, (session_id, person_id))


async def places(db: AsyncSession, session_id: int, room: str | None = None) -> list[PlaceRow]:
    """All places of a session, or those in a room."""
    query = select(PlaceRow).where(PlaceRow.session_id == session_id)
    if room is not None:
        query = query.where(PlaceRow.room == room)
    return list((await db.execute(query)).scalars())


async def heard_rooms(db: AsyncSession, key: str, person: Person) -> frozenset[str]:
    """The rooms of a session that somebody is let into: one's own; all for staff."""
    session = await sessions.session(db, key)
    if session.kind != "breakouts":
        return frozenset()
    if may(session.role_of(person), Permission.MODERATE):
        return frozenset(await room_keys(db, key))
    mine = await place(db, session.id, person.id)
    return frozenset({mine.room} if mine and mine.room else ())


async def belongs(db: AsyncSession, session: Session, person: Person, room: str) -> bool:
    """Whether somebody may read what is written in a room: those who belong to it, and staff."""
    if may(session.role_of(person), Permission.MODERATE):
        known = select(RoomRow.key).where(RoomRow.session_id == session.id, RoomRow.key == room)
    else:
        mine = (PlaceRow.session_id == session.id, PlaceRow.person_id == person.id)
        known = select(PlaceRow.person_id).where(*mine, PlaceRow.room == room)  # type: ignore[assignment]
    return (await db.execute(known)).first() is not None


async def check_reads(db: AsyncSession, key: str, person: Person, room: str) -> None:
    """Raise NotAllowed unless somebody may read what is written in a room; whether there is one is told nobody else."""
    session = await sessions.session(db, key)
    if session.kind != "breakouts" or not await belongs(db, session, person, room):
        raise NotAllowed("Das lesen nur die Mitglieder der Gruppe.")


async def check_writes(db: AsyncSession, key: str, person: Person, room: str) -> None:
    """Those who are in a room write there, while it is open; staff as well while they visit it.

    Raises:
        NotAllowed; ConferenceError ``breakouts.closed``.
    """
    await check_reads(db, key, person, room)
    session = await sessions.session(db, key)
    mine = await place(db, session.id, person.id)
    if mine is None or mine.room != room or mine.staying:
        raise NotAllowed("Bitte zuerst in diese Gruppe gehen.")
    if (await round_row(db, session.id)).phase != Phase.OPEN:
        raise ConferenceError("breakouts.closed", "Die Gruppen sind nicht geöffnet.")


async def taken(db: AsyncSession, session_id: int) -> dict[str, int]:
    """How many places of each room are taken; staff take none."""
    query = (
        select(PlaceRow.room, func.count())
        .where(PlaceRow.session_id == session_id, PlaceRow.room.is_not(None), PlaceRow.staff.is_(False))
        .group_by(PlaceRow.room)
    )
    return {room: count for room, count in await db.execute(query) if room}


async def wishes(
    db: AsyncSession, session_id: int, rooms: Sequence[Room], people: Iterable[Person]
) -> dict[int, tuple[str, ...]]:
    """What people wish for: as they said on *Mein Tag*, else as the import brought it."""
    query = select(WishRow.person_id, WishRow.rooms).where(WishRow.session_id == session_id)
    people = list(people)
    if len(people) == 1:
        query = query.where(WishRow.person_id == people[0].id)
    said: dict[int, Sequence[str]] = dict((await db.execute(query)).all())
    return {p.id: read_wishes(rooms, said.get(p.id, p.wishes)) for p in people}


async def participants(db: AsyncSession, session: Session) -> list[Person]:
    """Everybody who gets a place: who may be present and does not moderate."""
    found = await people_queries.everybody(db)
    return [person for person in found if takes_place(session, person)]


def takes_place(session: Session, person: Person) -> bool:
    """Whether somebody gets a place in a room of this session."""
    role = session.role_of(person)
    return may(role, Permission.JOIN) and not may(role, Permission.MODERATE)


async def waiting(db: AsyncSession, session_id: int) -> list[HelpRow]:
    """Calls for help that wait, in the order they were asked."""
    query = select(HelpRow).where(HelpRow.session_id == session_id, HelpRow.done.is_(False))
    return list((await db.execute(query.order_by(HelpRow.asked_at, HelpRow.id))).scalars())


async def messages(db: AsyncSession, session_id: int, room: str | None) -> list[dict[str, Any]]:
    """The newest messages to one room, or to all (None), oldest first."""
    query = select(MessageRow).where(MessageRow.session_id == session_id, MessageRow.room.is_not_distinct_from(room))
    newest = (await db.execute(query.order_by(MessageRow.id.desc()).limit(MESSAGES))).scalars()
    return [message_view(row) for row in reversed(list(newest))]


# --- as pages get it --------------------------------------------------------------------------------------------------


async def view(db: AsyncSession, session: Session, person: Person) -> dict[str, Any]:
    """The working groups as this person may see them."""
    found = await round_row(db, session.id)
    rows = await rooms(db, session.id)
    staff = may(session.role_of(person), Permission.MODERATE)
    mine = await place(db, session.id, person.id)
    models = [row.to_model() for row in rows]
    wished = await wishes(db, session.id, models, [person])
    return {
        "round": round_view(found),
        "rooms": await rooms_view(db, session, rows),
        "me": me_view(mine, wished[person.id]),
        "group": await group_view(db, session.id, mine.room) if mine and mine.room else None,
        "messages": await messages(db, session.id, None),
        "desk": await _desk(db, session, models) if staff else None,
    }


async def call_view(db: AsyncSession, person: Person) -> dict[str, Any] | None:
    """The call to working groups that are announced or open: ``{session, opens_at, staying}``."""
    for found, key in await running(db):
        mine = await place(db, found.session_id, person.id)
        return {"session": key, "opens_at": iso(found.opens_at), "staying": bool(mine and mine.staying)}
    return None


def round_view(row: RoundRow) -> dict[str, Any]:
    """The round (ROUND)."""
    return {
        "phase": row.phase,
        "opens_at": iso(row.opens_at),
        "ends_at": iso(row.ends_at),
        "closing": row.closing,
        "swaps": row.swaps,
        "choosing": row.choosing,
    }


async def rooms_view(db: AsyncSession, session: Session, rows: Sequence[RoomRow]) -> list[dict[str, Any]]:
    """The rooms from outside (ROOM): who moderates them, how many places are taken."""
    counts = await taken(db, session.id)
    query = select(PlaceRow).where(PlaceRow.session_id == session.id, PlaceRow.home.is_not(None))
    moderators = sorted((await db.execute(query)).scalars(), key=_by_name)
    return [
        {
            "key": row.key,
            "title": row.title,
            "capacity": row.capacity,
            "taken": counts.get(row.key, 0),
            "moderators": [place.person.name for place in moderators if place.home == row.key],
        }
        for row in rows
    ]


def me_view(row: PlaceRow | None, wished: Sequence[str]) -> dict[str, Any]:
    """One's own place and wishes (ME)."""
    return {
        "room": row.room if row else None,
        "home": row.home if row else None,
        "locked": bool(row and row.locked),
        "staying": bool(row and row.staying),
        "wanted": row.wanted if row else None,
        "wishes": list(wished),
    }


async def group_view(db: AsyncSession, session_id: int, room: str) -> dict[str, Any]:
    """What is known in a room (GROUP)."""
    return {
        "key": room,
        "people": people_view(await places(db, session_id, room)),
        "help": next((v for v in help_views(await waiting(db, session_id)) if v["room"] == room), None),
        "messages": await messages(db, session_id, room),
    }


def people_view(rows: Iterable[PlaceRow]) -> list[dict[str, Any]]:
    """The people of a room (PERSON), by name."""
    return [person_view(row) for row in sorted(rows, key=_by_name)]


def person_view(row: PlaceRow) -> dict[str, Any]:
    """Somebody in a room (PERSON)."""
    return {
        "person": row.person.public_id,
        "name": row.person.name,
        "organisation": row.person.organisation,
        "staff": row.staff,
        "audio": row.audio,
        "video": row.video,
        "hand": iso(row.hand),
        "called": row.called,
    }


def _by_name(row: PlaceRow) -> tuple[str, str, int]:
    return row.person.last_name, row.person.first_name, row.person_id


def message_view(row: MessageRow) -> dict[str, Any]:
    """A message of the moderation (MESSAGE)."""
    return {"id": row.id, "room": row.room, "name": row.name, "text": row.text, "at": iso(row.at)}


def help_views(rows: Sequence[HelpRow]) -> list[dict[str, Any]]:
    """Calls for help (HELP) with their places in the queue. Those with an answer are not waited for any more."""
    views, place = [], 0
    for row in rows:
        place += not row.answer
        views.append(
            {
                "key": row.key,
                "room": row.room,
                "kind": row.kind,
                "text": row.text,
                "name": row.name,
                "asked_at": iso(row.asked_at),
                "answer": row.answer,
                "place": None if row.answer else place,
            }
        )
    return views


async def _desk(db: AsyncSession, session: Session, models: Sequence[Room]) -> dict[str, Any]:
    everybody = await participants(db, session)
    wished = await wishes(db, session.id, models, everybody)
    rows = {row.person_id: row for row in await places(db, session.id)}
    sent = select(MessageRow).where(MessageRow.session_id == session.id, MessageRow.room.is_not(None))
    newest = (await db.execute(sent.order_by(MessageRow.id.desc()).limit(MESSAGES))).scalars()
    return {
        "people": [desk_person(person, rows.get(person.id), wished[person.id]) for person in everybody],
        "help": help_views(await waiting(db, session.id)),
        "messages": [message_view(row) for row in reversed(list(newest))],
    }


def desk_person(person: Person, row: PlaceRow | None, wished: Sequence[str]) -> dict[str, Any]:
    """Somebody as the moderation sees them (SEATED)."""
    return {
        "person": person.public_id,
        "name": person.name,
        "organisation": person.organisation,
        "wishes": list(wished),
        "room": row.room if row else None,
        "locked": bool(row and row.locked),
        "staying": bool(row and row.staying),
        "wanted": row.wanted if row else None,
        "late": bool(row and row.late),
    }


def seats(rows: Mapping[int, PlaceRow], people: Iterable[Person]) -> list[tuple[Person, str]]:
    """Who has which room, of those who take a place."""
    return [(p, room) for p in people if (row := rows.get(p.id)) and (room := row.room)]
