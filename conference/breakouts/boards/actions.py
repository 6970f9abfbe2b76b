"""Verbs on boards."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from conference.breakouts import queries as breakouts
from conference.breakouts.boards import queries
from conference.breakouts.boards.document import Board, Spoilt
from conference.breakouts.boards.facts import BoardMarked, BoardShown, BoardsOrdered
from conference.breakouts.boards.model import Light, fields_of, lines
from conference.breakouts.boards.tables import BoardRow, BoardUpdateRow, ShownBoardRow
from conference.core.errors import BadRequest, ConferenceError, NotAllowed, NotFound
from conference.core.roles import Permission, may
from conference.people.model import Person
from conference.sessions import queries as sessions
from conference.sessions.model import Session
from conference.sessions.tables import SessionRow
from conference.store.unit import Unit

COMPACT_AFTER = 200
"""Updates after which a board is stored as one."""

Place = tuple[str, str]
"""A session's key and a room's: a board."""


@dataclass(frozen=True)
class Write:
    """What somebody typed, as a Yjs update."""

    place: Place
    person: Person
    update: bytes


@dataclass(frozen=True)
class Written:
    """What became of it.

    Attributes:
        number: the board's last update now.
        news: what it added, as an update; empty when all of it was known.
        board: the board with it; to be kept once the transaction is committed.
    """

    number: int
    news: bytes
    board: Board


class _Open:
    """A board within one unit of work."""

    def __init__(self, unit: Unit, session: Session, found: BoardRow, board: Board) -> None:
        self.unit, self.session, self.row, self.board = unit, session, found, board

    @classmethod
    async def of(cls, unit: Unit, session: Session, room: str, known: Board | None) -> _Open:
        found = await _row(unit, session, room)
        board = known or Board(len(fields_of(session.extra)))
        return cls(unit, session, found, board.restore(await _after(unit, found, board.number)))

    async def write(self, update: bytes) -> Written:
        try:
            news = self.board.apply(update)
        except Spoilt:
            await self.unit.db.flush()
            self.board = await queries.board(self.unit.db, self.session, self.row.room)
            raise
        if news:
            row = self.row
            row.number += 1
            self.board.number = row.number
            await self._store(news)
            await self._begun()
        return Written(self.row.number, news, self.board)

    async def _begun(self) -> None:
        if self.row.light == Light.OPEN and any(text.strip() for text in self.board.texts):
            await _mark(self.unit, self.session, self.row, Light.WORKING)

    async def compact(self) -> None:
        """Store as one update what came as many; its number stays, so that nobody misses one."""
        row = self.row
        if row.number - row.compacted < COMPACT_AFTER:
            return
        of_board = (BoardUpdateRow.session_id == row.session_id, BoardUpdateRow.room == row.room)
        await self.unit.db.execute(delete(BoardUpdateRow).where(*of_board))
        await self._store(self.board.since(b"\x00"))
        row.compacted = row.number

    async def _store(self, update: bytes) -> None:
        row = self.row
        place = {"session_id": row.session_id, "room": row.room, "number": row.number}
        await self.unit.db.execute(insert(BoardUpdateRow).values(**place, data=update))


async def _row(unit: Unit, session: Session, room: str) -> BoardRow:
    found = await queries.row(unit.db, session.id, room)
    if found is None:
        found = BoardRow(session_id=session.id, room=room, number=0, compacted=0, light=Light.OPEN.value)
        unit.db.add(found)
        await unit.db.flush()
    return found


async def _after(unit: Unit, row: BoardRow, number: int) -> list[tuple[int, bytes]]:
    return await queries.updates(unit.db, row.session_id, row.room, number) if row.number > number else []


async def write(unit: Unit, items: list[Write], known: dict[Place, Board]) -> list[Written | Exception]:
    """Write what several typed, in the order it came; for each what became of it or why it was refused.

    Args:
        known: boards in memory. Those that are used are taken out: they hold what may yet fail to be committed.
    """
    opened: dict[Place, _Open] = {}
    outcomes: list[Written | Exception] = []
    keys = {item.place[0] for item in items}
    of_day = {session.key: session for session in await sessions.agenda(unit.db) if session.key in keys}
    for item in items:
        try:
            outcomes.append(await _write(unit, item, of_day, opened, known))
        except ConferenceError as error:
            outcomes.append(error)
    for board in opened.values():
        await board.compact()
    await unit.db.flush()
    written = {item.place for item, outcome in zip(items, outcomes, strict=True) if isinstance(outcome, Written)}
    await _show_anew(unit, written)
    return outcomes


async def _write(
    unit: Unit,
    item: Write,
    of_day: Mapping[str, Session],
    opened: dict[Place, _Open],
    known: dict[Place, Board],
) -> Written:
    key, room = item.place
    if key not in of_day:
        raise NotFound("Diese Veranstaltung")
    session = of_day[key]
    await queries.check_writer(unit.db, session, item.person, room, unit.now)
    if item.place not in opened:
        opened[item.place] = await _Open.of(unit, session, room, known.pop(item.place, None))
    return await opened[item.place].write(item.update)


async def mark(unit: Unit, key: str, person: Person, room: str, light: Light) -> None:
    """Set a room's traffic light. Raises ConferenceError ``board.foreign``, ``board.closed``."""
    session = await sessions.session(unit.db, key)
    await queries.check_writer(unit.db, session, person, room, unit.now)
    await _mark(unit, session, await _row(unit, session, room), light)


async def _mark(unit: Unit, session: Session, row: BoardRow, light: Light) -> None:
    if row.light != light:
        row.light = light.value
        await unit.tell(session.key, BoardMarked(row.room, light.value))


async def show(unit: Unit, key: str, person: Person, groups: str, room: str) -> None:
    """Show a room's board on a session's stage and in its hall, as it reads now. Raises NotFound, NotAllowed."""
    stage, session = await sessions.session(unit.db, key), await sessions.session(unit.db, groups)
    if stage.kind != "live" or session.kind != "breakouts":
        raise BadRequest("Eine Tafel wird auf einer Bühne gezeigt.")
    if not may(session.role_of(person), Permission.MODERATE):
        raise NotAllowed()
    if room not in await breakouts.room_keys(unit.db, groups):
        raise NotFound("Diese Gruppe")
    await put(unit, stage.id, key, next(p for p in await queries.written(unit.db, session) if p["room"] == room))


async def hide(unit: Unit, key: str) -> None:
    """Show no board any more."""
    await put(unit, (await sessions.session(unit.db, key)).id, key, None)


async def put(unit: Unit, stage: int, key: str, page: dict[str, Any] | None) -> dict[str, Any] | None:
    """Let a session's stage show this board (PAGE), or none; which it showed before."""
    found = await unit.db.get(ShownBoardRow, stage)
    before = dict(found.body) if found else None
    if before == page:
        return before
    if page is None:
        await unit.db.delete(found)
    elif found is None:
        unit.db.add(ShownBoardRow(session_id=stage, body=page))
    else:
        found.body = page
    await unit.tell(key, BoardShown(page))
    return before


async def _show_anew(unit: Unit, written: Collection[Place]) -> None:
    """What arrives late on a board that a stage shows already is shown with it."""
    if not written:
        return
    query = select(ShownBoardRow, SessionRow.key).join(SessionRow, SessionRow.id == ShownBoardRow.session_id)
    for row, key in [(row, key) for row, key in await unit.db.execute(query)]:
        place = row.body["session"], row.body["room"]
        if place in written:
            pages = await queries.written(unit.db, await sessions.session(unit.db, place[0]))
            await put(unit, row.session_id, key, next(p for p in pages if p["room"] == place[1]))


async def first(unit: Unit, key: str) -> dict[str, Any] | None:
    """The first board with something on it of the groups that came before a stage (PAGE), or None."""
    agenda = await sessions.agenda(unit.db)
    before = agenda[: next(n for n, session in enumerate(agenda) if session.key == key)]
    pages = [page for s in before if s.kind == "breakouts" for page in await queries.written(unit.db, s)]
    return next((page for page in pages if any(lines(field["text"]) for field in page["fields"])), None)


async def order(unit: Unit, key: str, person: Person, groups: str, rooms: Sequence[str]) -> None:
    """Say in which order the boards of a session's groups are shown. Raises NotFound, NotAllowed, BadRequest."""
    session = await sessions.session(unit.db, groups)
    if not may(session.role_of(person), Permission.MODERATE):
        raise NotAllowed()
    found = await breakouts.round_row(unit.db, session.id)
    if len(set(rooms)) != len(rooms) or not set(rooms) <= set(await breakouts.room_keys(unit.db, groups)):
        raise BadRequest("Das sind nicht die Gruppen dieser Veranstaltung.")
    if found.boards != list(rooms):
        found.boards = list(rooms)
        await unit.tell(key, BoardsOrdered(groups, list(rooms)))
