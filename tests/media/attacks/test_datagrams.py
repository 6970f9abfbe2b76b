"""Datagrams that nobody should send: empty, tiny, huge, random; from strangers and from a peer's own address."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Callable

import pytest

from conference.media.embedded import EmbeddedEngine
from tests.media.attacks.conftest import calm, memory, stage, still_flows, worker
from tests.media.synthetic import SyntheticPeer
from tests.media.test_reach import watching

RANDOM = random.Random(17)
KINDS: dict[str, Callable[[], bytes]] = {
    "empty": bytes,
    "one byte": lambda: RANDOM.randbytes(1),
    "65,507 bytes": lambda: RANDOM.randbytes(65_507),
    "65,507 bytes that begin like media": lambda: b"\x80\x60" + RANDOM.randbytes(65_505),
    "random": lambda: RANDOM.randbytes(RANDOM.randrange(2, 1500)),
    "random after the first byte": lambda: (
        bytes([RANDOM.choice([0, 20, 22, 23, 63, 128, 144, 191])]) + RANDOM.randbytes(RANDOM.randrange(1400))
    ),
}
TIMES = 200


async def shoot(kind: str, *shooters: Callable[[bytes], object]) -> None:
    """Send a kind of datagram many times from everywhere, no faster than they are read."""
    for i in range(TIMES):
        data = KINDS[kind]()
        for shoot in shooters:
            shoot(data)
        if i % 10 == 0:
            await asyncio.sleep(0.001)


def own(peer: SyntheticPeer) -> Callable[[bytes], object]:
    """From the peer's own address; asyncio would not send what is empty."""
    return lambda data: os.write(peer.socket.fileno(), data)


@pytest.mark.parametrize("kind", KINDS)
async def test_datagrams_of_every_kind_change_nothing(
    engine: EmbeddedEngine, stranger: socket.socket, kind: str
) -> None:
    """Before the handshake, during it, and after; a camera beside it goes on all the time."""
    anna, bert = await stage(engine)
    before = memory(engine)
    peer = await watching(engine)
    shots = stranger.send, own(peer)
    await shoot(kind, *shots)
    await peer.bind()
    await shoot(kind, *shots)
    shooting = asyncio.create_task(shoot(kind, *shots))
    await peer.connect(peer.answer)
    await shooting
    await shoot(kind, *shots, own(peer), own(anna.peer), own(bert.peer))
    await still_flows(anna, bert)
    assert (await worker(engine))["peers"] == 3
    assert memory(engine) - before < 10_000_000


async def test_strangers_get_no_answer(engine: EmbeddedEngine, stranger: socket.socket) -> None:
    """Whoever has not read an answer hears nothing, so nobody can be flooded through us."""
    peer = await watching(engine)
    stranger.setblocking(False)
    hello = b"\x16\xfe\xff" + bytes(8) + b"\x00\x50\x01" + bytes(79)
    for data in (bytes(peer.binding(password="x" * 24)), hello, b"\x80\x60" + bytes(50), b"\x80\xc8" + bytes(50)):
        stranger.send(data)
        peer.send(data)
    assert (await worker(engine))["strange"] == 8
    await asyncio.sleep(0.2)
    with pytest.raises(BlockingIOError):
        stranger.recv(2000)
    assert peer.rtp == []


async def test_what_is_nothing_of_ours_costs_the_worker_nothing(
    engine: EmbeddedEngine, stranger: socket.socket
) -> None:
    """The kernel drops it: the worker does not even wake."""
    before = await worker(engine)
    for _ in range(1000):
        for data in (b"", b"\x80", bytes(65_507), b"\x40" + bytes(100), b"GET / HTTP/1.1\r\n\r\n"):
            stranger.send(data)
    after = await worker(engine)
    assert after["packets_in"] == before["packets_in"]
    assert after["dropped_in"] - before["dropped_in"] == 5000


async def test_junk_costs_no_memory(engine: EmbeddedEngine, stranger: socket.socket) -> None:
    """Junk of every kind, from strangers and from a peer in its handshake; then all still works."""
    peer = await watching(engine)
    await peer.bind()
    before, rng = memory(engine), random.Random(1)
    for i in range(20_000):
        first = rng.choice([0, 1, 20, 22, 23, 63, 64, 128, 144, 191, 200, 255])
        data = bytes([first]) + rng.randbytes(rng.choice([0, 1, 11, 12, 19, 100, 1200]))
        (stranger.send if i % 2 else peer.send)(data or b"x")
        if i % 200 == 0:
            await asyncio.sleep(0.002)
    assert (await worker(engine))["peers"] == 1
    assert memory(engine) - before < 20_000_000
    await calm(engine)
    await peer.connect(peer.answer)
