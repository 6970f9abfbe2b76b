"""Commands on the agenda."""

from __future__ import annotations

from conference.breakouts import actions as breakouts
from conference.core.errors import BadRequest
from conference.core.roles import Permission
from conference.live.registry import Asked, InSession, command
from conference.pauses import actions as pauses
from conference.polls import actions as polls
from conference.questions import actions as questions
from conference.sessions.actions import agenda
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
        to = _state(asked.body.to)
        if to is State.ENDED:
            await polls.close_open(unit, asked.body.session)
            await questions.lower(unit, asked.body.session, None)
        if to is not State.LIVE:
            await breakouts.end(unit, asked.body.session)
            await pauses.close(unit, asked.body.session)
        await agenda.move(unit, asked.body.session, to)
        if to is State.LIVE:
            await pauses.begin_with(unit, asked.body.session)


def _state(text: str) -> State:
    try:
        return State(text)
    except ValueError:
        raise BadRequest("Diesen Zustand gibt es nicht.") from None


@command("session.shift", may=Permission.MODERATE, body=Shift)
async def shift(asked: Asked[Shift]) -> None:
    """Change times; agendas and calendars follow."""
    async with asked.hall.store.unit() as unit:
        await agenda.shift(unit, asked.body.session, asked.body.minutes, asked.body.following)
        await pauses.follow_agenda(unit, asked.body.session, asked.body.minutes, asked.body.following)
