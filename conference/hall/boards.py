"""Boards as they live: what is typed goes to those in the room, and where each of them is writing."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pycrdt import merge_updates

from conference.breakouts.boards import actions, queries
from conference.breakouts.boards.actions import Place, Write, Written
from conference.breakouts.boards.document import Board
from conference.core.errors import BadRequest
from conference.hall.group_commit import GroupCommit
from conference.hall.visit import Visit
from conference.sessions import queries as sessions
from conference.store.unit import Store, Unit

COLOURS = 8
QUIET_SECONDS = 20.0
"""Whoever has not moved for so long is not shown as writing."""
TYPING_SECONDS = 3.0
"""Whoever has typed so recently may still be in a sentence."""
CATCH_UP_TICKS = 10


@dataclass
class _Pointer:
    field: int
    cursor: str
    at: float


class Boards:
    """The live side of boards.

    Args:
        visits: everybody who is here now, by id.
    """

    def __init__(self, store: Store, visits: Callable[[], Mapping[str, Visit]]) -> None:
        self._store, self._visits = store, visits
        self._writes: GroupCommit[Write, Written] = GroupCommit(store, self._write)
        self._boards: dict[Place, Board] = {}
        self._readers: dict[Place, dict[str, int]] = {}
        self._news: dict[Place, list[tuple[int, bytes]]] = {}
        self._told: dict[Place, int] = {}
        self._pointers: dict[Place, dict[str, _Pointer]] = {}
        self._moved: set[Place] = set()
        self._typed: dict[Place, float] = {}
        self._ticks = 0

    async def stop(self) -> None:
        """Write what still waits."""
        await self._writes.stop()

    # --- commands -------------------------------------------------------------------------------------------------

    async def open(self, visit: Visit, place: Place, state: bytes) -> dict[str, Any]:
        """Read a board, and hear of what is typed on it from now on; `state` is what the page has already.

        Raises:
            BadRequest, Malformed; ConferenceError ``board.foreign``.
        """
        if visit.session != place[0]:
            raise BadRequest("Die Tafel gehört zu einer anderen Seite.")
        colours = self._readers.setdefault(place, {})  # before reading: what is stored meanwhile is told
        try:
            board, lacking = await self._read(visit, place, state)
        except Exception:
            self._tidy(place)
            raise
        free = [colour for colour in range(COLOURS) if colour not in colours.values()]
        colours.setdefault(visit.id, free[0] if free else len(colours) % COLOURS)
        self._told.setdefault(place, board.number)
        self._moved.add(place)
        return {"number": board.number, "update": _text(lacking), "state": _text(board.state())}

    async def _read(self, visit: Visit, place: Place, state: bytes) -> tuple[Board, bytes]:
        async with self._store.reading() as db:
            session = await sessions.session(db, place[0])
            await queries.check_reader(db, session, visit.person, place[1])
            board = await queries.board(db, session, place[1])
        return board, board.since(state)

    async def write(self, visit: Visit, place: Place, update: bytes) -> int:
        """Store what somebody typed; the board's number once it is committed. Raises as `actions.write`."""
        written = await self._writes.put(Write(place, visit.person, update))
        self._typed[place] = asyncio.get_running_loop().time()
        self._keep(place, written)
        return written.number

    async def _write(self, unit: Unit, items: list[Write]) -> list[Written | Exception]:
        return await actions.write(unit, items, self._boards)

    def _keep(self, place: Place, written: Written) -> None:
        kept = self._boards.get(place)
        if kept is None or kept.number <= written.board.number:
            self._boards[place] = written.board
        if written.news and place in self._readers:
            self._news.setdefault(place, []).append((written.number, written.news))

    async def point(self, visit: Visit, place: Place, field: int | None, cursor: str) -> None:
        """Say where somebody is writing; None: nowhere. Heard only from those who have opened the board."""
        if visit.id not in self._readers.get(place, {}):
            raise BadRequest("Die Tafel ist nicht geöffnet.")
        pointers = self._pointers.setdefault(place, {})
        if field is None:
            pointers.pop(visit.id, None)
        else:
            pointers[visit.id] = _Pointer(field, cursor, asyncio.get_running_loop().time())
        self._moved.add(place)

    def anybody_types(self, key: str) -> bool:
        """Whether a sentence is being typed on one of a session's boards."""
        since = asyncio.get_running_loop().time() - TYPING_SECONDS
        return any(at > since for place, at in self._typed.items() if place[0] == key)

    def close(self, visit: Visit) -> None:
        """A page looks at no board any more, or is gone."""
        for place in [place for place, readers in self._readers.items() if visit.id in readers]:
            del self._readers[place][visit.id]
            self._pointers.get(place, {}).pop(visit.id, None)
            self._moved.add(place)
            self._tidy(place)

    def _tidy(self, place: Place) -> None:
        if not self._readers.get(place):
            for kept in (self._readers, self._news, self._told, self._pointers, self._boards, self._typed):
                kept.pop(place, None)

    # --- what is told ---------------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Tell what was typed since the last time, and who writes where."""
        self._ticks += 1
        if self._ticks % CATCH_UP_TICKS == 0:
            await self._catch_up()
        for place in [place for place in self._news if place in self._told]:
            self._tell_news(place, sorted(self._news.pop(place)))
        self._forget_quiet()
        moved, self._moved = self._moved, set()
        for place in moved:
            self._tell_pointers(place)

    def _tell_news(self, place: Place, updates: list[tuple[int, bytes]]) -> None:
        after = self._told[place]
        fresh = {number: data for number, data in updates if number > after}
        while after + 1 in fresh:  # a number that another process wrote comes by catching up
            after += 1
        told = {number: data for number, data in fresh.items() if number <= after}
        late = [(number, data) for number, data in fresh.items() if number > after]
        if late:
            self._news.setdefault(place, []).extend(late)
        if told:
            merged = merge_updates(*told.values()) if len(told) > 1 else next(iter(told.values()))
            body = {"after": min(told) - 1, "number": after, "update": _text(merged)}
            self._told[place] = after
            self._signal(place, "board", body)

    async def _catch_up(self) -> None:
        """Fetch what another process stored."""
        for session in {place[0] for place in self._readers}:
            async with self._store.reading() as db:
                found = await sessions.session(db, session)
                for room, number in (await queries.numbers(db, session)).items():
                    known = self._told.get((session, room))
                    if known is not None and number > known:
                        stored = await queries.updates(db, found.id, room, known)
                        self._news.setdefault((session, room), []).extend(stored)

    def _forget_quiet(self) -> None:
        oldest = asyncio.get_running_loop().time() - QUIET_SECONDS
        for place, pointers in self._pointers.items():
            for visit in [visit for visit, pointer in pointers.items() if pointer.at < oldest]:
                del pointers[visit]
                self._moved.add(place)

    def _tell_pointers(self, place: Place) -> None:
        visits, colours = self._visits(), self._readers.get(place, {})
        who = [
            {
                "visit": visit,
                "person": visits[visit].person.public_id,
                "name": visits[visit].person.name,
                "colour": colours.get(visit, 0),
                "field": pointer.field,
                "cursor": pointer.cursor,
            }
            for visit, pointer in self._pointers.get(place, {}).items()
            if visit in visits
        ]
        self._signal(place, "writers", {"who": who})

    def _signal(self, place: Place, name: str, body: dict[str, Any]) -> None:
        session, room = place
        for visit in self._listeners(place):
            visit.outbox.signal(name, {"session": session, "room": room, **body}, room)

    def _listeners(self, place: Place) -> Collection[Visit]:
        """Who has the board open and belongs to its room still."""
        visits, room = self._visits(), place[1]
        here = [visits[visit] for visit in self._readers.get(place, {}) if visit in visits]
        for stranger in [visit for visit in here if room not in visit.rooms]:
            self.close(stranger)
        return [visit for visit in here if room in visit.rooms]


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
