"""Commands on the run of show."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from conference.core.roles import Permission
from conference.direction import actions
from conference.direction.log import entries
from conference.direction.model import LONGEST_MINUTES, Cue, Kind
from conference.live.registry import Asked, InSession, command

CueKey = Annotated[str, Field(min_length=1, max_length=200)]
LOG_LINES = 300


class Press(InSession):
    """The step that the page saw."""

    step: int = Field(ge=0, le=1_000_000)


class Next(Press):
    """Whether the person was asked already where a cue is easily regretted."""

    sure: bool = False


class ShiftBy(Press):
    """By how many minutes."""

    minutes: int = Field(ge=-120, le=120)


class Words(InSession):
    """A message to everybody; empty takes it back."""

    text: str = Field(max_length=300)


class Choice(InSession):
    """What the hall's screens show."""

    screen: Literal["auto", "card", "camera", "poll", "turnout", "question", "board"]


class OneCue(InSession):
    """A cue."""

    cue: CueKey


class Place(OneCue):
    """In front of which cue; null: at the end."""

    before: CueKey | None


class Change(OneCue):
    """A cue's words and length."""

    text: str = Field(max_length=300)
    minutes: int | None = Field(ge=1, le=LONGEST_MINUTES)


class New(Place):
    """A new cue, under a key that the page made up: sent again it stays one."""

    cue: Annotated[str, Field(pattern=r"^own-[a-z0-9-]{8,40}$")]
    kind: Literal[
        "session.backstage", "session.start", "session.end", "part", "boards", "film", "stage.programme", "poll.open",
        "poll.close", "poll.show", "pause.start", "pause.end", "groups.start", "groups.recall", "screen", "message",
    ]  # fmt: skip
    of: Annotated[str, Field(min_length=1, max_length=64)]
    target: str = Field(max_length=64)
    text: str = Field(max_length=300)
    minutes: int | None = Field(ge=1, le=LONGEST_MINUTES)


@command("direction.next", may=Permission.MODERATE, body=Next)
async def advance(asked: Asked[Next]) -> dict[str, bool]:
    """*Weiter*: do the next cue."""
    async with asked.hall.store.unit() as unit:
        return {"done": await actions.advance(unit, asked.body.step, asked.visit.person, sure=asked.body.sure)}


@command("direction.skip", may=Permission.MODERATE, body=Press)
async def skip(asked: Asked[Press]) -> dict[str, bool]:
    """Leave the next cue out."""
    async with asked.hall.store.unit() as unit:
        return {"done": await actions.skip(unit, asked.body.step, asked.visit.person)}


@command("direction.undo", may=Permission.MODERATE, body=Press)
async def undo(asked: Asked[Press]) -> dict[str, bool]:
    """Take the last cue back."""
    async with asked.hall.store.unit() as unit:
        return {"done": await actions.undo(unit, asked.body.step, asked.visit.person)}


@command("direction.shift", may=Permission.MODERATE, body=ShiftBy)
async def shift(asked: Asked[ShiftBy]) -> dict[str, bool]:
    """Shift what runs and all that follows."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        return {"done": await actions.shift(unit, body.step, body.minutes, asked.visit.person)}


@command("direction.end_part", may=Permission.MODERATE, body=InSession)
async def end_part(asked: Asked[InSession]) -> None:
    """The part that is on is over."""
    async with asked.hall.store.unit() as unit:
        await actions.end_part(unit, asked.body.session)


@command("direction.say", may=Permission.MODERATE, body=Words)
async def say(asked: Asked[Words]) -> None:
    """Say something to everybody."""
    async with asked.hall.store.unit() as unit:
        await actions.say(unit, asked.body.text)


@command("direction.screen", may=Permission.MODERATE, body=Choice)
async def show_on_screen(asked: Asked[Choice]) -> None:
    """Choose what the hall's screens show."""
    async with asked.hall.store.unit() as unit:
        await actions.show_on_screen(unit, asked.body.screen)
        await actions.keep_up(unit, asked.visit.person)


@command("direction.add", may=Permission.MODERATE, body=New)
async def add(asked: Asked[New]) -> None:
    """Put a cue in."""
    body = asked.body
    text = " ".join(body.text.split())
    cue = Cue(body.cue, Kind(body.kind), body.of, body.target, text, body.minutes, own=True)
    async with asked.hall.store.unit() as unit:
        await actions.add(unit, cue, body.before, asked.visit.person)


@command("direction.move", may=Permission.MODERATE, body=Place)
async def move(asked: Asked[Place]) -> None:
    """Put a cue elsewhere."""
    async with asked.hall.store.unit() as unit:
        await actions.move(unit, asked.body.cue, asked.body.before, asked.visit.person)


@command("direction.edit", may=Permission.MODERATE, body=Change)
async def edit(asked: Asked[Change]) -> None:
    """Change a cue's words or length."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.edit(unit, body.cue, body.text, body.minutes, asked.visit.person)


@command("direction.remove", may=Permission.MODERATE, body=OneCue)
async def remove(asked: Asked[OneCue]) -> None:
    """Take a cue out."""
    async with asked.hall.store.unit() as unit:
        await actions.remove(unit, asked.body.cue, asked.visit.person)


@command("direction.log", may=Permission.MODERATE, body=InSession)
async def read_log(asked: Asked[InSession]) -> list[dict[str, Any]]:
    """The log of the day, the newest first."""
    async with asked.hall.store.reading() as db:
        return [entry.as_dict() for entry in (await entries(db))[: -LOG_LINES - 1 : -1]]
