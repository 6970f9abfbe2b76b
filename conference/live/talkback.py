"""Speaking to those backstage."""

from __future__ import annotations

from pydantic import Field

from conference.core.errors import NotFound
from conference.core.roles import Permission
from conference.hall.foldback import Talk
from conference.live.registry import Asked, InSession, command
from conference.sessions import queries


class Speak(InSession):
    """To whom; `to` None: to all who wait backstage."""

    on: bool
    to: str | None = Field(max_length=40)


@command("talkback.speak", may=Permission.CONTROL, body=Speak)
async def speak(asked: Asked[Speak]) -> None:
    """Let one's voice be heard backstage, or no longer; it ends by itself when the page goes."""
    body, me = asked.body, asked.visit.person
    talk = Talk(body.session, me.public_id, me.name, body.to) if body.on else None
    if talk is not None and body.to is not None:
        await _check_here(asked, body.to)
    asked.hall.speak(asked.visit, talk)


async def _check_here(asked: Asked[Speak], person: str) -> None:
    async with asked.hall.store.reading() as db:
        session = await queries.session(db, asked.body.session)
        here = {row.person.public_id for row in await queries.stage(db, session.id)}
    if person not in here:
        raise NotFound("Diese Person auf oder hinter der Bühne")
