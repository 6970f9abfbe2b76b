"""Commands on pauses."""

from __future__ import annotations

from pydantic import Field

from conference.core.roles import Permission
from conference.direction.actions import keep_up
from conference.films import actions as films
from conference.hall.pause_clock import end_pause
from conference.live.registry import Asked, InSession, command
from conference.pauses import actions
from conference.pauses.model import LONGEST_MINUTES


class Start(InSession):
    """How long a break, or null: as the programme says."""

    minutes: int | None = Field(ge=1, le=LONGEST_MINUTES)


class OnePause(InSession):
    """The pause that the page shows."""

    run: int = Field(ge=1, le=1_000_000)


class Skip(OnePause):
    """The step to be ended."""

    step: int = Field(ge=0, le=200)


class Extend(OnePause):
    """By how many seconds, and which version of the pause was seen."""

    seconds: int = Field(ge=1, le=3600)
    version: int = Field(ge=1, le=1_000_000)


class End(OnePause):
    """In 30 s, or at once."""

    at_once: bool


class Back(OnePause):
    """Back, or away again."""

    back: bool


@command("pause.start", may=Permission.MODERATE, body=Start)
async def start(asked: Asked[Start]) -> dict[str, int]:
    """Begin."""
    async with asked.hall.store.unit() as unit:
        run = await actions.start(unit, asked.body.session, asked.body.minutes)
        await films.hold(unit, asked.body.session)
        await keep_up(unit, asked.visit.person, asked.body.session)
        return {"run": run}


@command("pause.skip", may=Permission.MODERATE, body=Skip)
async def skip(asked: Asked[Skip]) -> None:
    """Go on with the next step."""
    async with asked.hall.store.unit() as unit:
        await actions.skip(unit, asked.body.session, asked.body.run, asked.body.step)


@command("pause.extend", may=Permission.MODERATE, body=Extend)
async def extend(asked: Asked[Extend]) -> None:
    """Give the present step more time."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.extend(unit, body.session, body.run, body.seconds, body.version)


@command("pause.end", may=Permission.MODERATE, body=End)
async def end(asked: Asked[End]) -> None:
    """End it, with a last 30 s or at once."""
    async with asked.hall.store.unit() as unit:
        if asked.body.at_once:
            await actions.check(unit, asked.body.session, asked.body.run)
            await end_pause(unit, asked.body.session)
            await keep_up(unit, asked.visit.person, asked.body.session)
        else:
            await actions.wind_up(unit, asked.body.session, asked.body.run)


@command("pause.back", may=Permission.JOIN, body=Back)
async def back(asked: Asked[Back]) -> None:
    """Say *bin wieder da*."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.be_back(unit, body.session, body.run, asked.visit.person, body.back)
