"""The unit of work: one transaction, and what it made true is told after it is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from conference.core.clock import Clock
from conference.core.facts import Fact, Told
from conference.store import engine as engines
from conference.store import facts_log

Listener = Callable[[list[Told]], None]

ACTOR: ContextVar[str | None] = ContextVar("actor", default=None)
"""Public id of the person whose command is being carried out; None for the clockwork and the command line."""


class Unit:
    """One action's transaction.

    Attributes:
        db: the database session; committed by the store, never by an action.
        now: the instant of the action, the same for all it writes.
    """

    def __init__(self, db: AsyncSession, now: datetime) -> None:
        self.db = db
        self.now = now
        self.told: list[Told] = []

    async def tell(self, stream: str, *facts: Fact) -> None:
        """Log facts in this transaction; they are released to listeners once the transaction is committed."""
        self.told += await facts_log.record(self.db, stream, facts, self.now, ACTOR.get())


class Store:
    """The database, the clock, and those who listen to facts."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self.listener: Listener | None = None
        self._writing = engines.sessions(engine)
        self._reading = engines.readers(engine)
        self._turn = asyncio.Lock()  # SQLite has one writer: waiting here is fair and costs no sleeping retries

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """A writing transaction: committed at the end, rolled back on any exception; facts go out after the commit."""
        async with self._turn, self._writing() as db:
            async with db.begin():
                unit = Unit(db, self.clock.now())
                yield unit
            if unit.told and self.listener:
                self.listener(unit.told)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A reading transaction: one consistent picture of the database."""
        async with self._reading() as db, db.begin():
            yield db

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
