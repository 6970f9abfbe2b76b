"""Commands on questions, hands and reactions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from conference.core.roles import Permission
from conference.live.registry import Asked, InSession, command
from conference.questions import actions
from conference.questions.model import Settings, State

Key = Annotated[str, Field(min_length=16, max_length=40, pattern="^[a-z0-9-]+$")]
PersonKey = Annotated[str, Field(min_length=1, max_length=40)]


class Ask(InSession):
    """A question under a key that the page made up, with one's name or without."""

    question: Key
    text: str = Field(max_length=2000)
    anonymous: bool


class OneQuestion(InSession):
    """A question."""

    question: Key


class Vote(OneQuestion):
    """For it, or no longer."""

    up: bool


class MoveQuestion(OneQuestion):
    """To which state."""

    to: Literal["open", "answered", "dismissed"]


class EditQuestion(OneQuestion):
    """Its new words."""

    text: str = Field(max_length=2000)


class Merge(OneQuestion):
    """Which other question it goes over into."""

    into: Key


class Pin(InSession):
    """The question to be shown, or none."""

    question: Key | None


class Possible(InSession):
    """What is possible in the session."""

    open: bool
    approval: bool
    anonymous: bool
    hands: bool
    reactions: bool


class Hand(InSession):
    """Up or down."""

    up: bool


class Speak(InSession):
    """Whether with a camera."""

    video: bool


class OneHand(InSession):
    """Somebody's hand."""

    person: PersonKey


class SomeHands(InSession):
    """Somebody's hand, or all."""

    person: PersonKey | None


class Reaction(InSession):
    """Of which kind."""

    kind: Literal["clap", "heart", "smile", "thumb", "idea"]


@command("question.ask", may=Permission.JOIN, body=Ask)
async def ask(asked: Asked[Ask]) -> None:
    """Ask a question."""
    body = asked.body
    if body.anonymous:
        asked.hall.talk.check_pace(asked.visit.person.id)
    async with asked.hall.store.unit() as unit:
        await actions.ask(
            unit, body.session, asked.visit.person, body.question, body.text, anonymous=body.anonymous
        )  # fmt: skip


@command("question.vote", may=Permission.VOTE, body=Vote)
async def vote(asked: Asked[Vote]) -> None:
    """Vote for a question, or no longer."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.vote(unit, body.session, asked.visit.person, body.question, up=body.up)


@command("question.move", may=Permission.MODERATE, body=MoveQuestion)
async def move(asked: Asked[MoveQuestion]) -> None:
    """Approve, mark as answered, dismiss or take back."""
    async with asked.hall.store.unit() as unit:
        await actions.move(unit, asked.body.session, asked.body.question, State(asked.body.to))


@command("question.edit", may=Permission.MODERATE, body=EditQuestion)
async def edit(asked: Asked[EditQuestion]) -> None:
    """Word a question anew."""
    async with asked.hall.store.unit() as unit:
        await actions.edit(unit, asked.body.session, asked.body.question, asked.body.text)


@command("question.merge", may=Permission.MODERATE, body=Merge)
async def merge(asked: Asked[Merge]) -> None:
    """Let a question go over into another one."""
    async with asked.hall.store.unit() as unit:
        await actions.merge(unit, asked.body.session, asked.body.question, asked.body.into)


@command("question.pin", may=Permission.MODERATE, body=Pin)
async def pin(asked: Asked[Pin]) -> None:
    """Show a question on stage and on the hall's screen, or none."""
    async with asked.hall.store.unit() as unit:
        await actions.pin(unit, asked.body.session, asked.body.question)


@command("question.settings", may=Permission.MODERATE, body=Possible)
async def set_up(asked: Asked[Possible]) -> None:
    """Decide what is possible in the session."""
    body = asked.body
    settings = Settings(body.open, body.approval, body.anonymous, body.hands, body.reactions)
    async with asked.hall.store.unit() as unit:
        await actions.set_up(unit, body.session, settings)


@command("hand.raise", may=Permission.JOIN, body=Hand)
async def raise_hand(asked: Asked[Hand]) -> None:
    """Put one's hand up, or take it down."""
    async with asked.hall.store.unit() as unit:
        if asked.body.up:
            await actions.raise_hand(unit, asked.body.session, asked.visit.person)
        else:
            await actions.lower(unit, asked.body.session, asked.visit.person.public_id)


@command("hand.call", may=Permission.MODERATE, body=OneHand)
async def call(asked: Asked[OneHand]) -> None:
    """Call somebody up."""
    async with asked.hall.store.unit() as unit:
        await actions.call(unit, asked.body.session, asked.body.person)


@command("hand.speak", may=Permission.JOIN, body=Speak)
async def speak(asked: Asked[Speak]) -> None:
    """Take the word that one was called up for, with a microphone and, if wanted, a camera."""
    async with asked.hall.store.unit() as unit:
        await actions.speak(unit, asked.body.session, asked.visit.person, video=asked.body.video)


@command("hand.lower", may=Permission.MODERATE, body=SomeHands)
async def lower(asked: Asked[SomeHands]) -> None:
    """Take somebody's hand down, or all."""
    async with asked.hall.store.unit() as unit:
        await actions.lower(unit, asked.body.session, asked.body.person)


@command("reaction.send", may=Permission.JOIN, body=Reaction)
async def react(asked: Asked[Reaction]) -> None:
    """React; counted and forgotten."""
    await asked.hall.talk.react(asked.visit, asked.body.session, asked.body.kind)
