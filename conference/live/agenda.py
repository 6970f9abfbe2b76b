"""Commands on the agenda."""

from __future__ import annotations

from conference.core.errors import BadRequest
from conference.core.roles import Permission
from conference.direction.actions import move_session, shift_day
from conference.live.registry import Asked, InSession, command
from conference.sessions.model import State


class Move(InSession):
    """To which state."""

    to: str


class Shift(InSession):
    """By how many minutes, and whether all that follows moves too."""

    minutes: int
    following: bool


@command("session.move", may=Permission.MODERATE, body=Move)
async def move(asked: Asked[Move]) -> None:
    """Move a session; every page follows."""
    async with asked.hall.store.unit() as unit:
        await move_session(unit, asked.body.session, _state(asked.body.to), asked.visit.person)


def _state(text: str) -> State:
    try:
        return State(text)
    except ValueError:
        raise BadRequest("Diesen Zustand gibt es nicht.") from None


@command("session.shift", may=Permission.MODERATE, body=Shift)
async def shift(asked: Asked[Shift]) -> None:
    """Change times; agendas and calendars follow."""
    async with asked.hall.store.unit() as unit:
        await shift_day(unit, asked.body.session, asked.body.minutes, following=asked.body.following)
