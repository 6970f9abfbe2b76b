"""An engine with a real worker process for each test that asks for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from conference.media.embedded import EmbeddedEngine
from conference.media.engine import MediaEvent
from tests.media.synthetic import SyntheticPeer


class Heard:
    """The events of an engine, in order."""

    def __init__(self) -> None:
        self.events: list[MediaEvent] = []
        self._arrived = asyncio.Event()

    def __call__(self, event: MediaEvent) -> None:
        self.events.append(event)
        self._arrived.set()

    async def wait(self, kind: str, resource: str = "", seconds: float = 15) -> MediaEvent:
        """The first event of this kind (about this resource), now or soon."""
        async with asyncio.timeout(seconds):
            while True:
                for event in self.events:
                    if event.kind == kind and resource in ("", event.resource):
                        return event
                self._arrived.clear()
                await self._arrived.wait()


@pytest.fixture(autouse=True)
async def good_bye() -> AsyncIterator[None]:
    """Closes every synthetic peer that a test left open."""
    yield
    for peer in SyntheticPeer.opened:
        await peer.close()
    SyntheticPeer.opened.clear()


@pytest.fixture
def heard() -> Heard:
    """What the test's engine reports."""
    return Heard()


@pytest.fixture
async def engine(heard: Heard) -> AsyncIterator[EmbeddedEngine]:
    """A running engine on a free port of the loopback."""
    engine = EmbeddedEngine("127.0.0.1", 0)
    engine.on_event = heard
    await engine.start()
    yield engine
    await engine.stop()
