"""Group commit: what arrives while a transaction is being written goes into the next one together.

People come and vote in bursts: hundreds within a second or two. Each is answered once its transaction is committed,
never before; alone it waits for nobody. One write to the disk serves many, so it can afford to be a durable one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from conference.store.unit import Store, Unit

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

GROUP = 200
"""Items written in one transaction at most."""


class GroupCommit(Generic[Item, Outcome]):
    """Collects items of one kind and writes them in groups.

    Args:
        write: writes a group in one unit; returns for each item its outcome, or the exception to raise for it.
    """

    def __init__(
        self, store: Store, write: Callable[[Unit, list[Item]], Awaitable[Sequence[Outcome | Exception]]]
    ) -> None:
        self._store = store
        self._write = write
        self._waiting: list[tuple[Item, asyncio.Future[Outcome]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Outcome:
        """Write an item; returns its outcome once it is committed, or raises what was decided for it."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._run())
        return await done

    async def stop(self) -> None:
        """Write what still waits."""
        if self._writer:
            await self._writer

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            outcomes = await self._commit([item for item, _ in group])
            for (_, done), outcome in zip(group, outcomes, strict=True):
                if done.done():  # whoever asked is gone
                    continue
                if isinstance(outcome, Exception):
                    done.set_exception(outcome)
                else:
                    done.set_result(outcome)
        self._writer = None

    async def _commit(self, items: list[Item]) -> Sequence[Outcome | Exception]:
        """Write a group. If it fails as a whole, each is written alone, so that one bad item spoils no other."""
        try:
            async with self._store.unit() as unit:
                return await self._write(unit, items)
        except Exception as error:
            if len(items) == 1:
                return [error]
            return [outcome for item in items for outcome in await self._commit([item])]
