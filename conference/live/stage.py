"""Commands on the stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from conference.core.errors import NotAllowed
from conference.core.roles import Permission, may
from conference.live.registry import Asked, InSession, command
from conference.questions import actions as hands
from conference.questions import queries as questions
from conference.sessions import queries as sessions
from conference.sessions.actions import stage
from conference.sessions.model import Source

OwnSourceName = Literal["camera", "screen"]
AnySource = Literal["camera", "screen", "programme"]


class OwnSource(InSession):
    """One of one's own sources."""

    source: OwnSourceName


class SomebodysSource(InSession):
    """A person's source."""

    person: str = Field(max_length=40)
    source: AnySource


class Tracks(InSession):
    """Sound and picture of a source; `person` None is oneself."""

    source: AnySource
    audio: bool
    video: bool
    person: str | None = Field(max_length=40)


@command("stage.enter", may=Permission.PUBLISH, body=OwnSource)
async def enter(asked: Asked[OwnSource]) -> None:
    """Come backstage."""
    async with asked.hall.store.unit() as unit:
        await stage.enter(unit, asked.body.session, asked.visit.person, Source(asked.body.source))


@command("stage.leave", may=Permission.PUBLISH, body=OwnSource)
async def leave(asked: Asked[OwnSource]) -> None:
    """Go."""
    async with asked.hall.store.unit() as unit:
        await stage.leave(unit, asked.body.session, asked.visit.person, Source(asked.body.source))


@command("stage.bring_on", may=Permission.MODERATE, body=SomebodysSource)
async def bring_on(asked: Asked[SomebodysSource]) -> None:
    """Bring somebody on stage."""
    async with asked.hall.store.unit() as unit:
        await stage.bring_on(unit, asked.body.session, asked.body.person, Source(asked.body.source))


@command("stage.take_off", may=Permission.MODERATE, body=SomebodysSource)
async def take_off(asked: Asked[SomebodysSource]) -> None:
    """Take somebody off the stage."""
    async with asked.hall.store.unit() as unit:
        await stage.take_off(unit, asked.body.session, asked.body.person, Source(asked.body.source))
        await hands.taken_off(unit, asked.body.session, asked.body.person)


@command("stage.set_tracks", may=Permission.VIEW, body=Tracks)
async def set_tracks(asked: Asked[Tracks]) -> None:
    """Switch sound and picture: one's own on and off; moderators may switch others off."""
    body, me = asked.body, asked.visit.person
    own = body.person in (None, me.public_id)
    async with asked.hall.store.unit() as unit:
        row = await sessions.row(unit.db, body.session)
        guest = own and await questions.is_called(unit.db, row.id, me.id)
        if not (guest or may(asked.role, Permission.PUBLISH if own else Permission.MODERATE)):
            raise NotAllowed()
        await stage.set_tracks(
            unit, body.session, me, body.person, Source(body.source), audio=body.audio, video=body.video
        )
