"""What happens on stages by the server's clock: films end, those who were announced come on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.core.errors import ConferenceError, NotFound
from conference.direction import actions as direction
from conference.films import queries as films
from conference.people.tables import PersonRow
from conference.sessions.actions import stage
from conference.sessions.model import Source, Waits
from conference.sessions.tables import SessionRow, StageRow
from conference.store.unit import Store

PATIENCE = timedelta(seconds=5)
"""So long somebody whose picture is not there yet is waited for: a line may just be coming back."""


@dataclass(frozen=True)
class Entrance:
    """Somebody who was announced to come on a stage."""

    session: str
    person: str
    source: Source
    at: datetime


class StageClock:
    """Knows when the films on stages are over and who is to come on; read anew when something happened there.

    Args:
        arrives: whether picture or sound of session, person and source arrive now.
    """

    def __init__(self, store: Store, arrives: Callable[[str, str, str], bool]) -> None:
        self._store = store
        self._arrives = arrives
        self._entrances: list[Entrance] = []
        self._stale = True
        self._films: dict[str, tuple[str, datetime]] = {}

    def changed(self) -> None:
        """Something happened on a stage."""
        self._stale = True

    async def tick(self) -> None:
        """Do what is due."""
        if self._stale:
            self._stale = False  # before reading: what happens meanwhile is read the next time
            async with self._store.reading() as db:
                self._entrances = await _entrances(db)
                shown = await films.all_on_stage(db)
            self._films = {key: (film.part, film.ends_at) for key, film in shown.items() if film.ends_at}
        now = self._store.clock.now()
        for entrance in [entrance for entrance in self._entrances if entrance.at <= now]:
            await self._come(entrance, now)
        for key, part in [(key, part) for key, (part, end) in self._films.items() if end <= now]:
            await self._end(key, part)

    async def _come(self, entrance: Entrance, now: datetime) -> None:
        """Bring somebody on; whose picture does not come in time stays backstage, and the crew is told."""
        here = self._arrives(entrance.session, entrance.person, entrance.source.value)
        if not here and now < entrance.at + PATIENCE:
            return
        who = entrance.session, entrance.person, entrance.source
        try:
            async with self._store.unit() as unit:
                if not here:
                    await stage.call_off(unit, *who, Waits.NO_MEDIA)
                else:
                    await stage.come(unit, *who)
        except NotFound:  # has just left
            pass
        except ConferenceError:
            with contextlib.suppress(NotFound):
                async with self._store.unit() as unit:
                    await stage.call_off(unit, *who, Waits.FULL)
        self.changed()

    async def _end(self, key: str, part: str) -> None:
        async with self._store.unit() as unit:
            film = await films.on_stage(unit.db, (await _id(unit.db, key)))
            if film and film.part == part and film.to_model().over(unit.now):  # it was not paused meanwhile
                await direction.end_film(unit, key, part)
        self.changed()


async def _entrances(db: AsyncSession) -> list[Entrance]:
    query = (
        select(SessionRow.key, PersonRow.public_id, StageRow.source, StageRow.going_on_at)
        .join(SessionRow, SessionRow.id == StageRow.session_id)
        .join(PersonRow, PersonRow.id == StageRow.person_id)
        .where(StageRow.going_on_at.is_not(None))
        .order_by(StageRow.going_on_at, StageRow.entered)
    )
    rows = await db.execute(query)
    return [Entrance(key, person, Source(source), at) for key, person, source, at in rows if at]


async def _id(db: AsyncSession, key: str) -> int:
    return (await db.execute(select(SessionRow.id).where(SessionRow.key == key))).scalar_one()
