"""Commands on polls."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from conference.core.roles import Permission
from conference.direction.actions import keep_up
from conference.live.registry import Asked, InSession, command
from conference.polls import actions
from conference.polls.model import Kind, Poll

Key = Annotated[str, Field(min_length=1, max_length=64)]
Option = Annotated[str, Field(max_length=400)]


class Draft(InSession):
    """A poll's content."""

    question: str = Field(max_length=1000)
    kind: Literal["single", "multiple", "scale", "words"]
    options: list[Option] = Field(max_length=50)
    max_choices: int | None
    scale_from: int | None
    scale_to: int | None
    anonymous: bool
    revisable: bool

    def to_poll(self, key: str) -> Poll:
        """As the rules know it."""
        return Poll(
            key,
            " ".join(self.question.split()),
            Kind(self.kind),
            tuple(" ".join(o.split()) for o in self.options),
            self.max_choices,
            self.scale_from,
            self.scale_to,
            self.anonymous,
            self.revisable,
        )


class Edit(Draft):
    """A draft's new content."""

    poll: Key


class OnePoll(InSession):
    """A poll."""

    poll: Key


class Vote(OnePoll):
    """A ballot: for the run that the person saw."""

    run: int
    choice: int | Annotated[str, Field(max_length=200)] | Annotated[list[int], Field(max_length=50)]


@command("poll.create", may=Permission.MODERATE, body=Draft)
async def create(asked: Asked[Draft]) -> dict[str, str]:
    """Make a poll on the spot."""
    async with asked.hall.store.unit() as unit:
        return {"poll": await actions.create(unit, asked.body.session, asked.body.to_poll(""))}


@command("poll.edit", may=Permission.MODERATE, body=Edit)
async def edit(asked: Asked[Edit]) -> None:
    """Change a draft."""
    async with asked.hall.store.unit() as unit:
        await actions.edit(unit, asked.body.session, asked.body.to_poll(asked.body.poll))


@command("poll.discard", may=Permission.MODERATE, body=OnePoll)
async def discard(asked: Asked[OnePoll]) -> None:
    """Throw a draft away."""
    async with asked.hall.store.unit() as unit:
        await actions.discard(unit, asked.body.session, asked.body.poll)
        await keep_up(unit, asked.visit.person)


@command("poll.open", may=Permission.MODERATE, body=OnePoll)
async def open_poll(asked: Asked[OnePoll]) -> None:
    """Begin a run."""
    async with asked.hall.store.unit() as unit:
        await actions.open_poll(unit, asked.body.session, asked.body.poll)
        await keep_up(unit, asked.visit.person)


@command("poll.close", may=Permission.MODERATE, body=OnePoll)
async def close(asked: Asked[OnePoll]) -> None:
    """End the run."""
    async with asked.hall.store.unit() as unit:
        await actions.close(unit, asked.body.session, asked.body.poll)
        await keep_up(unit, asked.visit.person)


@command("poll.publish", may=Permission.MODERATE, body=OnePoll)
async def publish(asked: Asked[OnePoll]) -> None:
    """Show the result."""
    async with asked.hall.store.unit() as unit:
        await actions.publish(unit, asked.body.session, asked.body.poll)
        await keep_up(unit, asked.visit.person)


@command("poll.hide", may=Permission.MODERATE, body=OnePoll)
async def hide(asked: Asked[OnePoll]) -> None:
    """Hide the result again."""
    async with asked.hall.store.unit() as unit:
        await actions.hide(unit, asked.body.session, asked.body.poll)


@command("poll.vote", may=Permission.VOTE, body=Vote)
async def vote(asked: Asked[Vote]) -> dict[str, bool]:
    """Cast a ballot. `new` is false when the very same was there already."""
    body = asked.body
    cast = actions.Cast(body.session, body.poll, asked.visit.person, body.run, body.choice)
    return {"new": await asked.hall.ballots.put(cast)}
