"""Commands on working groups."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from conference.breakouts import actions
from conference.breakouts.model import MAX_CAPACITY
from conference.core.roles import Permission
from conference.direction.actions import keep_up
from conference.live.registry import Asked, InSession, command

RoomKey = Annotated[str, Field(min_length=1, max_length=64)]
PersonKey = Annotated[str, Field(min_length=1, max_length=40)]


class Wishes(InSession):
    """Rooms, the dearest first."""

    rooms: list[RoomKey] = Field(max_length=10)


class Fresh(InSession):
    """Whether those are placed anew whose place is not locked."""

    fresh: bool


class Seat(InSession):
    """Somebody's room, or none."""

    person: PersonKey
    room: RoomKey | None


class Lock(InSession):
    """Whether somebody's place is kept."""

    person: PersonKey
    locked: bool


class Size(InSession):
    """A room's capacity."""

    room: RoomKey
    capacity: int = Field(ge=1, le=MAX_CAPACITY)


class Settings(InSession):
    """What people may do themselves until the start."""

    swaps: bool
    choosing: bool


class OneRoom(InSession):
    """A room."""

    room: RoomKey


class SomeRoom(InSession):
    """A room, or none."""

    room: RoomKey | None


class Minutes(InSession):
    """How long, or by how much."""

    minutes: int = Field(ge=-480, le=480)


class Staying(InSession):
    """Whether one stays in the plenary."""

    staying: bool


class GroupTracks(InSession):
    """Sound and picture, None as they are; `person` None is oneself."""

    audio: bool | None
    video: bool | None
    person: PersonKey | None


class Hand(InSession):
    """Up or down."""

    up: bool


class Called(InSession):
    """Somebody's hand in a room: given the word, or taken down."""

    person: PersonKey
    called: bool


class Words(InSession):
    """A message to one room, or to all (None)."""

    room: RoomKey | None
    text: str = Field(min_length=1, max_length=500)


class Help(InSession):
    """What a room needs."""

    kind: Literal["technical", "moderation", "time"]
    text: str = Field(max_length=300)


class HelpAnswer(InSession):
    """An answer to a call, or that it is done."""

    help: str = Field(max_length=24)
    text: str = Field(max_length=300)
    done: bool


@command("breakouts.wish", may=Permission.JOIN, body=Wishes)
async def wish(asked: Asked[Wishes]) -> None:
    """Say which rooms one would like."""
    async with asked.hall.store.unit() as unit:
        await actions.wish(unit, asked.body.session, asked.visit.person, asked.body.rooms)


@command("breakouts.assign", may=Permission.MODERATE, body=Fresh)
async def assign(asked: Asked[Fresh]) -> dict[str, Any]:
    """Give everybody a place in one press; answers how many got which wish."""
    async with asked.hall.store.unit() as unit:
        return await actions.give_places(unit, asked.body.session, fresh=asked.body.fresh)


@command("breakouts.move", may=Permission.MODERATE, body=Seat)
async def move(asked: Asked[Seat]) -> None:
    """Put somebody into another room."""
    async with asked.hall.store.unit() as unit:
        await actions.move(unit, asked.body.session, asked.body.person, asked.body.room)


@command("breakouts.lock", may=Permission.MODERATE, body=Lock)
async def lock(asked: Asked[Lock]) -> None:
    """Keep somebody's place."""
    async with asked.hall.store.unit() as unit:
        await actions.lock(unit, asked.body.session, asked.body.person, locked=asked.body.locked)


@command("breakouts.resize", may=Permission.MODERATE, body=Size)
async def resize(asked: Asked[Size]) -> None:
    """Give a room another capacity."""
    async with asked.hall.store.unit() as unit:
        await actions.resize(unit, asked.body.session, asked.body.room, asked.body.capacity)


@command("breakouts.allow", may=Permission.MODERATE, body=Settings)
async def allow(asked: Asked[Settings]) -> None:
    """Say what people may do themselves."""
    async with asked.hall.store.unit() as unit:
        await actions.allow(unit, asked.body.session, swaps=asked.body.swaps, choosing=asked.body.choosing)


@command("breakouts.choose", may=Permission.JOIN, body=OneRoom)
async def choose(asked: Asked[OneRoom]) -> None:
    """Take a free place oneself."""
    async with asked.hall.store.unit() as unit:
        await actions.choose(unit, asked.body.session, asked.visit.person, asked.body.room)


@command("breakouts.swap", may=Permission.JOIN, body=SomeRoom)
async def swap(asked: Asked[SomeRoom]) -> dict[str, bool]:
    """Offer one's place for one in another room."""
    async with asked.hall.store.unit() as unit:
        return {"done": await actions.swap(unit, asked.body.session, asked.visit.person, asked.body.room)}


@command("breakouts.start", may=Permission.MODERATE, body=Minutes)
async def start(asked: Asked[Minutes]) -> None:
    """Announce the rooms; they open 20 s later."""
    async with asked.hall.store.unit() as unit:
        await actions.start(unit, asked.body.session, asked.body.minutes)
        await keep_up(unit, asked.visit.person, asked.body.session)


@command("breakouts.cancel", may=Permission.MODERATE, body=InSession)
async def cancel(asked: Asked[InSession]) -> None:
    """Take the announcement back."""
    async with asked.hall.store.unit() as unit:
        await actions.cancel(unit, asked.body.session)


@command("breakouts.extend", may=Permission.MODERATE, body=Minutes)
async def extend(asked: Asked[Minutes]) -> None:
    """Move the end."""
    async with asked.hall.store.unit() as unit:
        await actions.extend(unit, asked.body.session, asked.body.minutes)


@command("breakouts.recall", may=Permission.MODERATE, body=InSession)
async def recall(asked: Asked[InSession]) -> None:
    """Call everybody back: 60 s are left."""
    async with asked.hall.store.unit() as unit:
        await actions.recall(unit, asked.body.session)
        await keep_up(unit, asked.visit.person, asked.body.session)


@command("breakouts.stay", may=Permission.JOIN, body=Staying)
async def stay(asked: Asked[Staying]) -> None:
    """Stay in the plenary, or go after all."""
    async with asked.hall.store.unit() as unit:
        await actions.stay(unit, asked.body.session, asked.visit.person, staying=asked.body.staying)


@command("breakouts.enter", may=Permission.JOIN, body=InSession)
async def enter(asked: Asked[InSession]) -> dict[str, str | None]:
    """Go into the room where one belongs."""
    return {"room": await asked.hall.groups.enter(asked.visit, asked.body.session)}


@command("breakouts.leave", may=Permission.JOIN, body=InSession)
async def leave(asked: Asked[InSession]) -> None:
    """Be back in the plenary."""
    await asked.hall.groups.leave(asked.visit, asked.body.session)


@command("breakouts.visit", may=Permission.MODERATE, body=SomeRoom)
async def visit(asked: Asked[SomeRoom]) -> None:
    """Go to any room, seen by those in it."""
    async with asked.hall.store.unit() as unit:
        await actions.visit(unit, asked.body.session, asked.visit.person, asked.body.room)


@command("breakouts.tracks", may=Permission.JOIN, body=GroupTracks)
async def tracks(asked: Asked[GroupTracks]) -> None:
    """Switch microphone and camera: one's own on and off; staff may switch others off."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.set_tracks(
            unit, body.session, asked.visit.person, body.person, audio=body.audio, video=body.video
        )


@command("breakouts.hand", may=Permission.JOIN, body=Hand)
async def hand(asked: Asked[Hand]) -> None:
    """Raise or lower one's hand."""
    async with asked.hall.store.unit() as unit:
        await actions.set_hand(unit, asked.body.session, asked.visit.person, up=asked.body.up)


@command("breakouts.call", may=Permission.MODERATE, body=Called)
async def call_hand(asked: Asked[Called]) -> None:
    """Call up a hand in a room, or take it down."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.call_hand(unit, body.session, asked.visit.person, body.person, called=body.called)


@command("breakouts.message", may=Permission.MODERATE, body=Words)
async def message(asked: Asked[Words]) -> None:
    """Tell all rooms something, or one."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.message(unit, body.session, asked.visit.person, body.room, body.text)


@command("breakouts.help", may=Permission.JOIN, body=Help)
async def ask_help(asked: Asked[Help]) -> None:
    """Ask for help, for the room."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.ask_help(unit, body.session, asked.visit.person, body.kind, body.text)


@command("breakouts.helped", may=Permission.JOIN, body=InSession)
async def withdraw_help(asked: Asked[InSession]) -> None:
    """The room needs no help any more."""
    async with asked.hall.store.unit() as unit:
        await actions.withdraw_help(unit, asked.body.session, asked.visit.person)


@command("breakouts.answer", may=Permission.MODERATE, body=HelpAnswer)
async def answer(asked: Asked[HelpAnswer]) -> None:
    """Answer a room's call for help, or strike it off."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.answer_help(unit, body.session, body.help, body.text, done=body.done)
