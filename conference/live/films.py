"""Commands on films."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from conference.core.roles import Permission
from conference.direction.actions import end_film
from conference.films import actions
from conference.films.model import LONGEST_MS
from conference.live.registry import Asked, InSession, command


class OneFilm(InSession):
    """The film of a part."""

    part: Annotated[str, Field(min_length=1, max_length=64)]


class Paused(OneFilm):
    """Whether it stands still."""

    paused: bool


class Seek(OneFilm):
    """Where to, in milliseconds."""

    position: int = Field(ge=0, le=LONGEST_MS)


@command("film.start", may=Permission.MODERATE, body=OneFilm)
async def start(asked: Asked[OneFilm]) -> None:
    """Play it from its beginning."""
    async with asked.hall.store.unit() as unit:
        await actions.start(unit, asked.body.session, asked.body.part)


@command("film.pause", may=Permission.MODERATE, body=Paused)
async def pause(asked: Asked[Paused]) -> None:
    """Stop it where it is, or let it go on."""
    async with asked.hall.store.unit() as unit:
        await actions.pause(unit, asked.body.session, asked.body.part, asked.body.paused)


@command("film.seek", may=Permission.MODERATE, body=Seek)
async def seek(asked: Asked[Seek]) -> None:
    """Go to a position."""
    async with asked.hall.store.unit() as unit:
        await actions.seek(unit, asked.body.session, asked.body.part, asked.body.position)


@command("film.stop", may=Permission.MODERATE, body=OneFilm)
async def stop(asked: Asked[OneFilm]) -> None:
    """Take it from the stage."""
    async with asked.hall.store.unit() as unit:
        await end_film(unit, asked.body.session, asked.body.part)
