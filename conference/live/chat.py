"""Commands on the chat, and letters while they are typed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from conference.breakouts import queries as groups
from conference.chat import actions, queries
from conference.chat.model import PLENARY, TEXT_LENGTH
from conference.core.errors import BadRequest
from conference.core.roles import Permission, may
from conference.live.registry import Asked, InSession, command
from conference.sessions import queries as sessions

Key = Annotated[str, Field(min_length=16, max_length=40, pattern="^[a-z0-9-]+$")]
RoomKey = Annotated[str, Field(min_length=1, max_length=64)]


class InRoom(InSession):
    """The chat of a room of working groups; null: the session's own."""

    room: RoomKey | None = None


class OfRoom(InSession):
    """A room of working groups."""

    room: RoomKey


class Say(InRoom):
    """A message under a key that the page made up."""

    message: Key
    text: str = Field(max_length=2000)


class Hide(InSession):
    """A message, hidden or shown again."""

    message: Key
    hidden: bool


class Mute(InSession):
    """Whether somebody may only read."""

    person: str = Field(min_length=1, max_length=40)
    muted: bool


class Possible(InSession):
    """Whether there is a chat."""

    open: bool


class Watch(InRoom):
    """Whether this page is told letters as they are typed."""

    on: bool


class Typing(InRoom):
    """All that was typed so far; empty: nothing any more."""

    text: str = Field(max_length=TEXT_LENGTH)


@command("chat.say", may=Permission.JOIN, body=Say)
async def say(asked: Asked[Say]) -> None:
    """Write a message."""
    body, person = asked.body, asked.visit.person
    async with asked.hall.store.unit() as unit:
        if body.room is not None:
            await groups.check_writes(unit.db, body.session, person, body.room)
        await actions.say(unit, body.session, person, body.message, body.text, body.room or PLENARY)
    asked.hall.talk.silence(body.session, person.public_id)


@command("chat.read", may=Permission.JOIN, body=OfRoom)
async def read(asked: Asked[OfRoom]) -> dict[str, Any]:
    """The chat of one's room: what pages that go into it have to begin with."""
    body, moderates = asked.body, may(asked.role, Permission.MODERATE)
    async with asked.hall.store.reading() as db:
        await groups.check_reads(db, body.session, asked.visit.person, body.room)
        session = await sessions.row(db, body.session)
        return await queries.view(db, session.id, asked.visit.person, moderates=moderates, room=body.room)


@command("chat.hide", may=Permission.MODERATE, body=Hide)
async def hide(asked: Asked[Hide]) -> None:
    """Hide a message, or show it again."""
    async with asked.hall.store.unit() as unit:
        await actions.hide(unit, asked.body.session, asked.body.message, hidden=asked.body.hidden)


@command("chat.mute", may=Permission.MODERATE, body=Mute)
async def mute(asked: Asked[Mute]) -> None:
    """Let somebody read only, or write again."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.mute(unit, body.session, body.person, muted=body.muted)
    if body.muted:
        asked.hall.talk.silence(body.session, body.person)


@command("chat.settings", may=Permission.MODERATE, body=Possible)
async def set_up(asked: Asked[Possible]) -> None:
    """Switch the chat on or off."""
    async with asked.hall.store.unit() as unit:
        await actions.set_up(unit, asked.body.session, open=asked.body.open)
    if not asked.body.open:
        asked.hall.talk.silence(asked.body.session)


@command("chat.watch", may=Permission.VIEW, body=Watch)
async def watch(asked: Asked[Watch]) -> None:
    """Be told letters of this page's session as they are typed, or no longer."""
    if asked.body.session != asked.visit.session:
        raise BadRequest("Diese Seite gehört zu einer anderen Veranstaltung.")
    body = asked.body
    if body.on and body.room is not None:
        async with asked.hall.store.reading() as db:
            await groups.check_reads(db, body.session, asked.visit.person, body.room)
    asked.visit.reads = (body.room or PLENARY) if body.on else None


@command("chat.type", may=Permission.JOIN, body=Typing)
async def type_on(asked: Asked[Typing]) -> None:
    """Let those who read this chat see what one is typing; kept nowhere."""
    await asked.hall.talk.type(asked.visit, asked.body.session, asked.body.room or PLENARY, asked.body.text)
