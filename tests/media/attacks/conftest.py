"""Those who attack, and what is looked at while they do."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from conference.media.embedded import EmbeddedEngine
from tests.media.stage import Camera, Screen, camera, screen, settled


@pytest.fixture
def stranger(engine: EmbeddedEngine) -> Iterator[socket.socket]:
    """A socket of nobody, connected to the media port."""
    with knocking(engine) as stranger:
        yield stranger


@contextlib.contextmanager
def knocking(engine: EmbeddedEngine, host: str = "127.0.0.1") -> Iterator[socket.socket]:
    """A socket of nobody at one of the loopback's 16 million addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.connect(("127.0.0.1", engine.port))
        yield sock


def memory(engine: EmbeddedEngine) -> int:
    """Resident bytes of the worker."""
    with open(f"/proc/{engine.worker_pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


async def stage(engine: EmbeddedEngine) -> tuple[Camera, Screen]:
    """A camera and a viewer of it who has seen the first key frame."""
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    return anna, bert


async def still_flows(anna: Camera, bert: Screen) -> None:
    """One more frame arrives."""
    count = len(bert.got(bert.video[0]))
    anna.frame()
    await bert.expect(bert.video[0], count + 1)


async def worker(engine: EmbeddedEngine) -> dict[str, Any]:
    """The worker's counters, once it had a moment to take in what was sent; it has made no error of its own."""
    counters: dict[str, Any] = (await settled(engine))["workers"][0]
    assert counters["failures"] == 0
    return counters


async def calm(engine: EmbeddedEngine) -> None:
    """Wait until the shield is down: a synthetic peer knocks once, and one knock in sixteen is heard before."""
    async with asyncio.timeout(30):
        while (await worker(engine))["shielded"]:
            await asyncio.sleep(0.2)
