"""Commands on the boards of working groups."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import Field

from conference.breakouts.boards import actions, queries
from conference.breakouts.boards.model import POINTER_LETTERS, STATE_BYTES, UPDATE_BYTES, Light
from conference.core.errors import BadRequest
from conference.core.roles import Permission
from conference.live.registry import Asked, InSession, command

_BASE64 = r"^[A-Za-z0-9+/]*={0,2}$"


class OfBoard(InSession):
    """A room's board."""

    room: str = Field(min_length=1, max_length=64)

    @property
    def place(self) -> actions.Place:
        return self.session, self.room


class Known(OfBoard):
    """What the page has already: a Yjs state vector in Base64."""

    state: str = Field(max_length=STATE_BYTES * 4 // 3 + 4, pattern=_BASE64)


class Typed(OfBoard):
    """What was typed: a Yjs update in Base64."""

    update: str = Field(min_length=1, max_length=UPDATE_BYTES * 4 // 3 + 4, pattern=_BASE64)


class Pointer(OfBoard):
    """Where somebody is writing: a field by its place, and a cursor that other pages understand."""

    field: int | None = Field(ge=0, le=99)
    cursor: str = Field(max_length=POINTER_LETTERS, pattern=_BASE64)


class Marked(OfBoard):
    """A traffic light."""

    light: Literal["open", "working", "done"]


class Shown(InSession):
    """A board of a session's working groups for this session's stage."""

    groups: str = Field(min_length=1, max_length=64)
    room: str = Field(min_length=1, max_length=64)


class Ordered(InSession):
    """Boards of a session's working groups, in the order in which they are shown."""

    groups: str = Field(min_length=1, max_length=64)
    rooms: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(max_length=60)


@command("board.open", may=Permission.JOIN, body=Known)
async def open_board(asked: Asked[Known]) -> dict[str, Any]:
    """Read a board; what is typed on it is signalled from now on."""
    return await asked.hall.boards.open(asked.visit, asked.body.place, _bytes(asked.body.state))


@command("board.close", may=Permission.JOIN, body=InSession)
async def close_board(asked: Asked[InSession]) -> None:
    """Look at no board any more."""
    asked.hall.boards.close(asked.visit)


@command("board.write", may=Permission.JOIN, body=Typed)
async def write(asked: Asked[Typed]) -> dict[str, int]:
    """Type; answered once it is stored."""
    number = await asked.hall.boards.write(asked.visit, asked.body.place, _bytes(asked.body.update))
    return {"number": number}


@command("board.point", may=Permission.JOIN, body=Pointer)
async def point(asked: Asked[Pointer]) -> None:
    """Say where one is writing."""
    await asked.hall.boards.point(asked.visit, asked.body.place, asked.body.field, asked.body.cursor)


@command("board.mark", may=Permission.JOIN, body=Marked)
async def mark(asked: Asked[Marked]) -> None:
    """Set the room's traffic light."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.mark(unit, body.session, asked.visit.person, body.room, Light(body.light))


@command("board.list", may=Permission.MODERATE, body=InSession)
async def list_boards(asked: Asked[InSession]) -> list[dict[str, Any]]:
    """What the groups wrote down, of those sessions in which one is staff."""
    async with asked.hall.store.reading() as db:
        return await queries.read_by(db, asked.visit.person)


@command("board.show", may=Permission.MODERATE, body=Shown)
async def show(asked: Asked[Shown]) -> None:
    """Show a board on the stage and in the hall."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.show(unit, body.session, asked.visit.person, body.groups, body.room)


@command("board.order", may=Permission.MODERATE, body=Ordered)
async def order(asked: Asked[Ordered]) -> None:
    """Say in which order boards are shown."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.order(unit, body.session, asked.visit.person, body.groups, body.rooms)


@command("board.hide", may=Permission.MODERATE, body=InSession)
async def hide(asked: Asked[InSession]) -> None:
    """Show no board any more."""
    async with asked.hall.store.unit() as unit:
        await actions.hide(unit, asked.body.session)


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise BadRequest("Das ist kein Base64.") from error
