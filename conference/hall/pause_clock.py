"""Pauses end by the server's clock, whether anybody watches or not."""

from __future__ import annotations

from datetime import datetime

from conference.pauses import actions, queries
from conference.polls import actions as polls
from conference.questions import actions as questions
from conference.sessions import queries as sessions
from conference.sessions.actions import agenda
from conference.sessions.model import State
from conference.store.unit import Store, Unit


class PauseClock:
    """Knows when the pauses that run are over; what it remembers is read anew when something happened to one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ends: dict[str, datetime] | None = None
        self._changes = 0

    def changed(self) -> None:
        """A pause was started, shifted or ended."""
        self._ends = None
        self._changes += 1

    def runs(self, key: str) -> bool:
        """Whether a pause may run in a session: yes, as long as it is not known."""
        return self._ends is None or key in self._ends

    async def tick(self) -> None:
        """End what has run its time."""
        if self._ends is None:
            changes = self._changes
            async with self._store.reading() as db:
                found = await queries.all_running(db)
            if changes != self._changes:
                return  # what was read is old already
            self._ends = {key: pause.ends_at for key, pause in found.items()}
        now = self._store.clock.now()
        for key in [key for key, end in self._ends.items() if end <= now]:
            async with self._store.unit() as unit:
                await end_if_over(unit, key)
            self.changed()


async def end_if_over(unit: Unit, key: str) -> None:
    """End the pause of a session unless it was extended meanwhile."""
    pause = (await queries.all_running(unit.db)).get(key)
    if pause is not None and pause.over(unit.now):
        await end_pause(unit, key)


async def end_pause(unit: Unit, key: str) -> None:
    """End the pause of a session, and the session if it was nothing else: everybody is where the day goes on."""
    row = await sessions.row(unit.db, key)
    await actions.close(unit, key)
    if row.kind in actions.PAUSE_KINDS and row.state == State.LIVE:
        await polls.close_open(unit, key)
        await questions.lower(unit, key, None)
        await agenda.move(unit, key, State.ENDED)
