"""Reading boards: who may, what is on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.breakouts import queries as breakouts
from conference.breakouts.boards.document import Board
from conference.breakouts.boards.model import LATE_SECONDS, Light, fields_of, in_order
from conference.breakouts.boards.tables import BoardRow, BoardUpdateRow, ShownBoardRow
from conference.breakouts.model import Phase
from conference.core.errors import Address, ConferenceError
from conference.core.roles import Permission, may
from conference.people.model import Person
from conference.sessions import queries as sessions
from conference.sessions.model import Session


async def check_reader(db: AsyncSession, session: Session, person: Person, room: str) -> None:
    """Those who belong to the room and staff read its board.

    Raises:
        ConferenceError: ``board.foreign``, also where there is no such room.
    """
    if not await breakouts.belongs(db, session, person, room):
        raise ConferenceError("board.foreign", "Diese Tafel sehen nur die Mitglieder der Gruppe.", Address.PERMISSION)


async def check_writer(db: AsyncSession, session: Session, person: Person, room: str, now: datetime) -> None:
    """Those who read it write on it while the rooms are open; a closing sentence may arrive a little later.

    Raises:
        ConferenceError: ``board.foreign``, ``board.closed``.
    """
    await check_reader(db, session, person, room)
    found = await breakouts.round_row(db, session.id)
    late = found.phase == Phase.CLOSED and found.ends_at and now <= found.ends_at + timedelta(seconds=LATE_SECONDS)
    if found.phase != Phase.OPEN and not late:
        raise ConferenceError("board.closed", "Die Gruppen sind zu Ende. Die Tafel kann nur noch gelesen werden.")


async def row(db: AsyncSession, session_id: int, room: str) -> BoardRow | None:
    """A room's board, locked until the transaction ends where the database knows how to."""
    query = select(BoardRow).where(BoardRow.session_id == session_id, BoardRow.room == room)
    return (await db.execute(query.with_for_update())).scalar_one_or_none()


async def numbers(db: AsyncSession, session: str) -> dict[str, int]:
    """The last update of each board of a session, by room."""
    found = await sessions.session(db, session)
    query = select(BoardRow.room, BoardRow.number).where(BoardRow.session_id == found.id)
    return dict((await db.execute(query)).all())


async def updates(db: AsyncSession, session_id: int, room: str, after: int) -> list[tuple[int, bytes]]:
    """The updates after a number with their numbers, in order."""
    query = select(BoardUpdateRow.number, BoardUpdateRow.data).where(
        BoardUpdateRow.session_id == session_id, BoardUpdateRow.room == room, BoardUpdateRow.number > after
    )
    return [(number, data) for number, data in await db.execute(query.order_by(BoardUpdateRow.number))]


async def board(db: AsyncSession, session: Session, room: str) -> Board:
    """A room's board as it is stored."""
    return Board(len(fields_of(session.extra))).restore(await updates(db, session.id, room, 0))


async def view(db: AsyncSession, session: Session) -> dict[str, Any]:
    """Boards from outside (BOARDS): their fields, and each room's light."""
    marked = select(BoardRow.room, BoardRow.light).where(BoardRow.session_id == session.id)
    lights = dict((await db.execute(marked)).all())
    rooms = await breakouts.room_keys(db, session.key)
    return {
        "fields": fields_of(session.extra),
        "lights": {room: lights.get(room, Light.OPEN.value) for room in rooms},
    }


async def written(db: AsyncSession, session: Session) -> list[dict[str, Any]]:
    """All boards of a session as they read now (PAGE), as the moderation put them; rooms that are gone stand last."""
    rows = {found.room: found for found in await _rows(db, session.id)}
    titles = {room.key: room.title for room in await breakouts.rooms(db, session.id)}
    names = fields_of(session.extra)
    pages = []
    wanted = (await breakouts.round_row(db, session.id)).boards
    for room in [*in_order(titles, wanted), *sorted(rows.keys() - titles.keys())]:
        texts = (await board(db, session, room)).texts
        pages.append(
            {
                "session": session.key,
                "room": room,
                "title": titles.get(room, room),
                "light": rows[room].light if room in rows else Light.OPEN.value,
                "fields": [{"name": name, "text": text} for name, text in zip(names, texts, strict=True)],
            }
        )
    return pages


async def _rows(db: AsyncSession, session_id: int) -> list[BoardRow]:
    return list((await db.execute(select(BoardRow).where(BoardRow.session_id == session_id))).scalars())


async def read_by(db: AsyncSession, person: Person) -> list[dict[str, Any]]:
    """The boards of all sessions in which somebody is staff."""
    staff = [s for s in await sessions.agenda(db) if s.kind == "breakouts" and _moderates(s, person)]
    return [page for session in staff for page in await written(db, session)]


def _moderates(session: Session, person: Person) -> bool:
    return may(session.role_of(person), Permission.MODERATE)


async def shown(db: AsyncSession, session_id: int) -> dict[str, Any] | None:
    """The board that a session's stage shows (PAGE), or None."""
    found = await db.get(ShownBoardRow, session_id)
    return found.body if found else None
