"""The ballot box: ballots that arrive while others are being written go into the next transaction together.

A show of hands is a burst: hundreds of ballots within a second or two. Each is acknowledged once its transaction is
committed, never before; alone it waits for nobody.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from conference.core.errors import ConferenceError
from conference.polls.actions import Cast, cast_ballots
from conference.store.unit import Store

BATCH = 200
"""Ballots written in one transaction at most."""

Slip = tuple[Cast, "asyncio.Future[bool]"]


@dataclass
class _Slot:
    """The ballots of one poll that wait, and the task that writes them."""

    waiting: list[Slip] = field(default_factory=list)
    writer: asyncio.Task[None] | None = None


class BallotBox:
    """Takes ballots for all polls of this server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slots: dict[tuple[str, str], _Slot] = {}

    async def cast(self, session: str, poll: str, cast: Cast) -> bool:
        """Take a ballot; whether it is new. Returns once it is committed.

        Raises:
            ConferenceError: as `polls.actions.cast_ballot`.
        """
        slot = self._slots.setdefault((session, poll), _Slot())
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        slot.waiting.append((cast, done))
        if slot.writer is None:
            slot.writer = asyncio.get_running_loop().create_task(self._write(session, poll, slot))
        return await done

    async def stop(self) -> None:
        """Write what still waits."""
        writers = [slot.writer for slot in self._slots.values() if slot.writer]
        await asyncio.gather(*writers, return_exceptions=True)

    async def _write(self, session: str, poll: str, slot: _Slot) -> None:
        while slot.waiting:
            batch, slot.waiting = slot.waiting[:BATCH], slot.waiting[BATCH:]
            try:
                async with self._store.unit() as unit:
                    outcomes = await cast_ballots(unit, session, poll, [cast for cast, _ in batch])
            except Exception as error:
                _settle(batch, [error] * len(batch))
            else:
                _settle(batch, outcomes)
        del self._slots[session, poll]


def _settle(batch: list[Slip], outcomes: list[bool | ConferenceError] | list[Exception]) -> None:
    for (_, done), outcome in zip(batch, outcomes, strict=True):
        if done.done():
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)
