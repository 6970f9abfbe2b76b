"""Commands on the stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from conference.core.errors import ConferenceError, NotAllowed
from conference.core.roles import Permission, may
from conference.direction.actions import keep_up
from conference.live.registry import Asked, InSession, command
from conference.questions import actions as hands
from conference.questions import queries as questions
from conference.sessions import queries as sessions
from conference.sessions.actions import stage
from conference.sessions.model import Feed, Source, Waits

OwnSourceName = Literal["camera", "screen"]
AnySource = Literal["camera", "screen", "programme"]


class OwnSource(InSession):
    """One of one's own sources."""

    source: OwnSourceName


class SomebodysSource(InSession):
    """A person's source."""

    person: str = Field(max_length=40)
    source: AnySource


class BringOn(SomebodysSource):
    """Whom, and in how many seconds (0: at once)."""

    seconds: int = Field(default=0, ge=0, le=60)


class CallOff(InSession):
    """Whose announcement; `person` None is oneself: *not yet*."""

    source: AnySource
    person: str | None = Field(max_length=40)


class Named(SomebodysSource):
    """Whether the name stands on the picture."""

    named: bool


class OnAir(InSession):
    """Which of the feeds of a person's programme."""

    person: str = Field(max_length=40)
    feed: Literal["main", "backup"]


class Tracks(InSession):
    """Sound and picture of a source, None as they are; `person` None is oneself."""

    source: AnySource
    audio: bool | None
    video: bool | None
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


@command("stage.bring_on", may=Permission.MODERATE, body=BringOn)
async def bring_on(asked: Asked[BringOn]) -> None:
    """Bring somebody on stage: at once, or after a countdown that is shown backstage."""
    body, source = asked.body, Source(asked.body.source)
    if body.seconds and not asked.hall.media.arrives(body.session, body.person, body.source):
        raise ConferenceError("stage.no_media", "Von dieser Person kommt noch kein Bild und kein Ton an.")
    async with asked.hall.store.unit() as unit:
        if body.seconds:
            await stage.announce(unit, body.session, body.person, source, body.seconds)
        else:
            await stage.bring_on(unit, body.session, body.person, source)
        if source is Source.PROGRAMME:
            await keep_up(unit, asked.visit.person)


@command("stage.call_off", may=Permission.VIEW, body=CallOff)
async def call_off(asked: Asked[CallOff]) -> None:
    """Call an announced entrance off: one's own (*not yet*), or as moderator somebody's."""
    body, me = asked.body, asked.visit.person.public_id
    own = body.person in (None, me)
    if not may(asked.role, Permission.PUBLISH if own else Permission.MODERATE):
        raise NotAllowed()
    async with asked.hall.store.unit() as unit:
        waits = Waits.NOT_YET if own else None
        await stage.call_off(unit, body.session, body.person or me, Source(body.source), waits)


@command("stage.name", may=Permission.MODERATE, body=Named)
async def name(asked: Asked[Named]) -> None:
    """Let a name stand on the picture, or take it away."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await stage.name(unit, body.session, body.person, Source(body.source), body.named)


@command("stage.take_off", may=Permission.MODERATE, body=SomebodysSource)
async def take_off(asked: Asked[SomebodysSource]) -> None:
    """Take somebody off the stage."""
    async with asked.hall.store.unit() as unit:
        await stage.take_off(unit, asked.body.session, asked.body.person, Source(asked.body.source))
        await hands.taken_off(unit, asked.body.session, asked.body.person)


@command("stage.put_on_air", may=Permission.CONTROL, body=OnAir)
async def put_on_air(asked: Asked[OnAir]) -> None:
    """Show the main feed of a programme, or its backup."""
    async with asked.hall.store.unit() as unit:
        await stage.put_on_air(unit, asked.body.session, asked.body.person, Feed(asked.body.feed))


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
