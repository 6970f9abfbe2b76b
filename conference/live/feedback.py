"""Commands on feedback."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from conference.core.roles import Permission
from conference.feedback import actions
from conference.live.registry import Asked, InSession, command


class Rate(InSession):
    """An answer or a part of it; None leaves that part as it was."""

    rating: int | None
    aspects: dict[Annotated[str, Field(max_length=200)], int] | None = Field(max_length=50)
    comment: str | None = Field(max_length=20_000)


@command("feedback.rate", may=Permission.RATE, body=Rate)
async def rate(asked: Asked[Rate]) -> None:
    """Rate the day."""
    body = asked.body
    async with asked.hall.store.unit() as unit:
        await actions.rate(unit, body.session, asked.visit.person, body.rating, body.aspects, body.comment)
