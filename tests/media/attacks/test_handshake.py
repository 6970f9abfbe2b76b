"""The moment between ICE and DTLS, and peers that never come to it."""

from __future__ import annotations

import asyncio
import random
import socket

import pytest

from conference.media import limits
from conference.media.embedded import EmbeddedEngine
from conference.media.engine import MediaRefused
from tests.media import synthetic
from tests.media.attacks.conftest import knocking, stage, still_flows, worker
from tests.media.stage import CERTIFICATE, camera, screen, settled
from tests.media.synthetic import SyntheticPeer
from tests.media.test_reach import watching

OFFER = synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly")])


def record(kind: int, body: bytes, sequence: int = 0, epoch: int = 0) -> bytes:
    """A DTLS 1.2 record (RFC 6347 section 4.1)."""
    number = epoch.to_bytes(2, "big") + sequence.to_bytes(6, "big")
    return bytes([kind, 254, 253]) + number + len(body).to_bytes(2, "big") + body


def hello(rng: random.Random, length: int = 160, offset: int = 0, size: int | None = None) -> bytes:
    """A ClientHello or a fragment of one (RFC 6347 section 4.2.3)."""
    body = b"\xfe\xfd" + rng.randbytes(32) + b"\x00\x00\x00\x02\xc0\x2b\x01\x00" + rng.randbytes(length)
    part = body[offset : offset + size] if size is not None else body
    head = b"\x01" + len(body).to_bytes(3, "big") + b"\x00\x00"
    return record(22, head + offset.to_bytes(3, "big") + len(part).to_bytes(3, "big") + part)


def missiles(rng: random.Random) -> list[bytes]:
    """What spoils handshakes elsewhere: hellos, fragments of them, alerts, a good-bye, wrong versions, noise."""
    return [
        hello(rng),
        hello(rng, 400, 0, 90),
        hello(rng, 400, 90, 90),
        hello(rng, 16_000, 1000, 0),
        record(21, b"\x02\x28"),
        record(21, b"\x01\x00"),
        record(21, b"\x02\x28", epoch=1),
        record(20, b"\x01"),
        record(23, rng.randbytes(60), epoch=1),
        record(22, b"\x16" * 3),
        record(22, rng.randbytes(200)),
        b"\x16\xfe\xff" + bytes(10),
        b"\x2f" + rng.randbytes(40),
    ]


@pytest.mark.parametrize("setup", ["actpass", "active"])
async def test_a_hundred_of_a_hundred_connect_under_fire(
    engine: EmbeddedEngine, stranger: socket.socket, setup: str
) -> None:
    """The race that 'ClientHello' lost elsewhere (ASVS 5.0, 17.2.6): a foreign address speaks between ICE and DTLS."""
    rng, connected = random.Random(4), 0
    offer = OFFER.replace("actpass", setup)  # `active`: by the library for encoders
    for i in range(100):
        peer = SyntheticPeer(CERTIFICATE)
        peer.answer = (await engine.view(offer, owner=f"viewer-{i}", room="hall")).sdp
        await peer.open_socket(engine.port)
        with knocking(engine, f"127.0.{i}.2") as other:
            for shot in missiles(rng):
                other.send(shot)
            await peer.bind()
            for shot in missiles(rng):
                other.send(shot)
                stranger.send(shot)
            connecting = asyncio.create_task(peer.connect(peer.answer))
            for shot in missiles(rng) * 3:
                other.send(shot)
                await asyncio.sleep(0)
            await connecting
        connected += peer.srtp is not None
    assert connected == 100
    stats = await settled(engine)
    assert sum(viewer["connected"] for viewer in stats["viewers"].values()) == 100
    assert stats["workers"][0]["failures"] == 0


async def test_an_unprotected_alert_is_not_believed_from_the_own_address_either(engine: EmbeddedEngine) -> None:
    """An address can be forged; what ends a handshake must be proved."""
    peer = await watching(engine)
    peer.send(record(21, b"\x02\x28"))
    await peer.bind()
    for description in range(120):
        peer.send(record(21, bytes([2, description])))
    await peer.connect(peer.answer)
    peer.send(record(21, b"\x01\x00"))
    peer.send(record(21, b"\x02\x28"))
    assert (await worker(engine))["peers"] == 1


async def test_half_open_and_silent_peers_are_dropped() -> None:
    """Nobody may fill the server with offers he never follows up, or with connections he has left."""
    engine = EmbeddedEngine("127.0.0.1", 0, half_open=0.5, silent=1.0)
    await engine.start()
    for i in range(50):
        await engine.view(OFFER, owner=f"mallory-{i}", room="hall")
    gone = await screen(engine)
    gone.peer.vanish()
    assert (await engine.stats())["workers"][0]["peers"] >= 1
    async with asyncio.timeout(15):
        while (await engine.stats())["workers"][0]["peers"]:
            await asyncio.sleep(0.05)
    await engine.stop()


async def test_handshakes_that_are_begun_and_left_are_dropped() -> None:
    """ICE done and half a ClientHello sent, a hundred times."""
    engine = EmbeddedEngine("127.0.0.1", 0, half_open=1.0)
    await engine.start()
    rng = random.Random(5)
    for i in range(100):
        peer = SyntheticPeer(CERTIFICATE)
        peer.answer = (await engine.view(OFFER, owner=f"mallory-{i}", room="hall")).sdp
        await peer.open_socket(engine.port)
        await peer.bind()
        peer.send(hello(rng, 400, 0, 90))
    async with asyncio.timeout(15):
        while (await engine.stats())["workers"][0]["peers"]:
            await asyncio.sleep(0.05)
    assert (await worker(engine))["failures"] == 0
    await engine.stop()


async def test_one_person_cannot_fill_the_server_with_promises(engine: EmbeddedEngine) -> None:
    for _ in range(limits.MAX_HALF_OPEN):
        await engine.view(OFFER, owner="mallory", room="hall")
    for _ in range(5):
        with pytest.raises(MediaRefused) as refused:
            await engine.view(OFFER, owner="mallory", room="hall")
        assert refused.value.code == "media.full"
    anna, bert = await stage(engine)
    await still_flows(anna, bert)
    assert (await worker(engine))["peers"] == limits.MAX_HALF_OPEN + 2


async def test_nor_with_connections(engine: EmbeddedEngine) -> None:
    """All of one person's count, publishers and viewers; what he closes is free again."""
    resources = [(await screen(engine, "mallory")).resource for _ in range(limits.MAX_PER_OWNER - 1)]
    resources.append((await camera(engine, "mallory")).feed)
    with pytest.raises(MediaRefused) as refused:
        await engine.view(OFFER, owner="mallory", room="hall")
    assert (refused.value.code, "Verbindungen" in refused.value.message) == ("media.full", True)
    await engine.close(resources[0])
    await screen(engine, "mallory")
    await screen(engine, "bert")
