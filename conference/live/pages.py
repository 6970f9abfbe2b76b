"""Commands of every page: the clock, a fresh snapshot, joining and leaving."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from conference.core.roles import Permission
from conference.live.registry import Asked, Body, InSession, Nothing, command
from conference.questions import actions as hands
from conference.sessions import queries
from conference.sessions.actions import presence


class Page(Body):
    """A page: of a session, or of the day."""

    session: str | None = Field(max_length=64)


@command("clock.read", may=None, body=Nothing)
async def read_clock(asked: Asked[Nothing]) -> dict[str, str]:
    """The server's time, to measure one's offset with."""
    return {"now": asked.hall.now()}


@command("page.snapshot", may=None, body=Page)
async def snapshot(asked: Asked[Page]) -> dict[str, Any]:
    """A fresh snapshot."""
    return await asked.hall.snapshot(asked.visit.person, asked.visit.link, asked.body.session)


@command("session.join", may=Permission.JOIN, body=InSession)
async def join(asked: Asked[InSession]) -> None:
    """Be present from now on."""
    await asked.hall.join(asked.visit, asked.body.session)


@command("session.leave", may=Permission.JOIN, body=InSession)
async def leave(asked: Asked[InSession]) -> None:
    """Be present no longer."""
    await asked.hall.part(asked.visit, asked.body.session)
    async with asked.hall.store.unit() as unit:
        await hands.lower(unit, asked.body.session, asked.visit.person.public_id)


@command("hall.arrive", may=Permission.JOIN, body=InSession)
async def arrive(asked: Asked[InSession]) -> None:
    """Be in the hall in this session too, after having been checked in before."""
    async with asked.hall.store.unit() as unit:
        await presence.arrive(unit, asked.body.session, asked.visit.person)
    asked.hall.mark(asked.body.session)


@command("hall.leave", may=Permission.JOIN, body=InSession)
async def go(asked: Asked[InSession]) -> None:
    """Leave the hall."""
    async with asked.hall.store.unit() as unit:
        await presence.go(unit, asked.body.session, asked.visit.person)
        await hands.lower(unit, asked.body.session, asked.visit.person.public_id)
    asked.hall.mark(asked.body.session)


@command("session.people", may=Permission.MODERATE, body=InSession)
async def people(asked: Asked[InSession]) -> list[dict[str, Any]]:
    """Who is present now."""
    async with asked.hall.store.reading() as db:
        return await queries.people_present(db, await queries.session(db, asked.body.session))
