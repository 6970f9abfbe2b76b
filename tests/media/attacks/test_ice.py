"""Who may say where a peer is: forged, copied and endless STUN, and offers that name other people's addresses."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aioice import stun

from conference.media.embedded import EmbeddedEngine
from conference.media.limits import Seen
from conference.media.peer import MAX_PATHS
from tests.media import synthetic
from tests.media.attacks.conftest import knocking, stage, still_flows, worker
from tests.media.stage import CERTIFICATE
from tests.media.test_reach import watching


@pytest.mark.parametrize(
    "kinds",
    [
        {"ufrag": "somebodyelse"},
        {"ufrag": "\0" * 12},
        {"ufrag": "é" * 6},
        {"ufrag": "a" * 400},
        {"remote": "notwhatwasoffered"},
        {"remote": ""},
        {"password": "wrongwrongwrongwrongwrong"},
    ],
    ids=["another", "zeros", "no ASCII", "long", "another remote", "no remote", "another password"],
)
async def test_who_does_not_know_both_names_and_the_password_is_not_answered(
    engine: EmbeddedEngine, kinds: dict[str, str]
) -> None:
    peer = await watching(engine)
    with pytest.raises(TimeoutError):
        await peer.bind(0.3, **kinds)
    assert (await worker(engine))["strange"] == 1
    await peer.bind()


def with_attribute(request: bytes, kind: int, size: int, real: int | None = None) -> bytes:
    """A request with one more attribute at its end that claims `size` bytes and has `real` ones."""
    value = b"\xff" * (size if real is None else real)
    value += bytes(-len(value) % 4)
    attribute = kind.to_bytes(2, "big") + size.to_bytes(2, "big") + value
    length = int.from_bytes(request[2:4], "big") + len(attribute)
    return request[:2] + length.to_bytes(2, "big") + request[4:] + attribute


async def test_giant_and_lying_attributes_are_passed_over(engine: EmbeddedEngine) -> None:
    """Of every kind that the parser knows, and some it does not, before the integrity and after it."""
    peer = await watching(engine)
    good = bytes(peer.binding())
    known = [*sorted(stun.ATTRIBUTES_BY_TYPE), 0x7FFF, 0xFFFF]
    for kind in known:
        for size, real in ((0, None), (1, None), (1900, None), (65535, 0), (65535, 1900), (4, 0)):
            peer.send(with_attribute(good, kind, size, real))
            peer.send(with_attribute(good[:2] + b"\0\0" + good[4:20], kind, size, real))
    for size in range(0, len(good), 4):
        peer.send(good[:size])
    for length in (0, 3, len(good), 65535):
        peer.send(good[:2] + length.to_bytes(2, "big") + good[4:])
    assert (await worker(engine))["peers"] == 1
    await asyncio.sleep(2)  # its share of requests is used up; a while later it is full again
    await peer.connect(peer.answer)


async def test_a_copied_request_moves_nothing(engine: EmbeddedEngine) -> None:
    """Somebody on the way copies an authentic request that nominates, and sends it from his own address."""
    anna, bert = await stage(engine)
    request = bytes(bert.peer.binding())
    with knocking(engine, "127.0.0.66") as thief:
        bert.peer.send(request)
        await asyncio.sleep(0.1)
        before = (await worker(engine))["strange"]
        for _ in range(20):
            thief.send(request)
        assert (await worker(engine))["strange"] == before + 20
        for _ in range(5):
            await still_flows(anna, bert)
        thief.setblocking(False)
        with pytest.raises(BlockingIOError):
            thief.recv(2000)


async def test_a_copy_that_is_faster_holds_media_until_the_next_request(engine: EmbeddedEngine) -> None:
    """Who can overtake a request on its way gets ciphertext until the peer's next one, and cannot do so twice."""
    anna, bert = await stage(engine)
    with knocking(engine, "127.0.0.66") as thief:
        for _ in range(3):
            thief.send(bytes(bert.peer.binding()))
            await asyncio.sleep(0.05)
            await bert.peer.bind()
            await still_flows(anna, bert)


async def test_a_copy_does_not_undo_a_move(engine: EmbeddedEngine) -> None:
    """An old request copied from before a change of network, and sent in the old address's name."""
    anna, bert = await stage(engine)
    request = bytes(bert.peer.binding())
    bert.peer.send(request)
    await asyncio.sleep(0.1)
    old = socket.socket(fileno=os.dup(bert.peer.socket.fileno()))
    with old:
        await bert.peer.open_socket(engine.port)
        await bert.peer.bind()
        await still_flows(anna, bert)
        for _ in range(5):
            old.send(request)
        await worker(engine)
        await still_flows(anna, bert)


def test_ids_are_remembered_for_hours_in_little_memory() -> None:
    rng = random.Random(6)
    seen = Seen()
    ids = [rng.randbytes(12) for _ in range(6000)]
    mistaken = sum(not seen.first(one) for one in ids)
    assert mistaken < 6000 * 0.06
    assert not any(seen.first(one) for one in ids)


async def test_ten_thousand_addresses_with_the_right_password(engine: EmbeddedEngine) -> None:
    """A peer is at eight addresses at most, whatever it says; the one it nominated last stays."""
    anna, bert = await stage(engine)
    for i in range(10_000):
        with knocking(engine, f"127.1.{i // 250}.{i % 250 + 1}") as sock:
            sock.send(bytes(bert.peer.binding(nominate=False)))
        if i % 250 == 0:
            await asyncio.sleep(0.01)
    assert (await worker(engine))["peers"] == 2
    await still_flows(anna, bert)
    await asyncio.sleep(1)
    await bert.peer.open_socket(engine.port)
    await bert.peer.bind()
    await still_flows(anna, bert)


async def test_media_from_a_forgotten_address_is_strange(engine: EmbeddedEngine) -> None:
    """What a peer gave up for a newer address is not its own any more."""
    anna, bert = await stage(engine)
    with knocking(engine, "127.0.0.77") as first:
        first.send(bytes(anna.peer.binding(nominate=False)))
        for i in range(MAX_PATHS):
            with knocking(engine, f"127.0.1.{i + 1}") as sock:
                sock.send(bytes(anna.peer.binding(nominate=False)))
        before = (await worker(engine))["strange"]
        first.send(b"\x80\x60" + bytes(50))
        assert (await worker(engine))["strange"] == before + 1
    await still_flows(anna, bert)


class Victim:
    """A bystander's address, UDP and TCP, where nothing must ever arrive."""

    def __init__(self, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.udp.bind((host, 0))
        self.host, self.port = host, self.udp.getsockname()[1]
        self.tcp = socket.socket(family, socket.SOCK_STREAM)
        self.tcp.bind((host, self.port))
        self.tcp.listen()
        self.udp.setblocking(False)
        self.tcp.setblocking(False)

    def candidates(self) -> list[str]:
        """Every way in which an offer may name it."""
        end = f"{self.host} {self.port} typ"
        return [
            f"a=candidate:1 1 udp 2130706431 {end} host",
            f"a=candidate:2 1 tcp 2130706431 {end} host tcptype passive",
            f"a=candidate:3 1 udp 1694498815 {end} srflx raddr {self.host} rport {self.port}",
            f"a=candidate:4 1 udp 16777215 {end} relay raddr {self.host} rport {self.port}",
            f"a=candidate:5 1 tls 16777215 {end} relay tcptype active raddr {self.host} rport {self.port}",
            f"a=remote-candidates:1 {self.host} {self.port}",
            f"a=rtcp:{self.port} IN IP{6 if ':' in self.host else 4} {self.host}",
        ]

    def hit(self) -> bool:
        """Whether anything arrived."""
        for receive in (lambda: self.udp.recv(2000), self.tcp.accept):
            try:
                receive()
            except BlockingIOError:
                continue
            return True
        return False

    def close(self) -> None:
        """Release both."""
        self.udp.close()
        self.tcp.close()


@pytest.fixture
def victims() -> Iterator[list[Victim]]:
    """Somebody of each family."""
    victims = [Victim("127.0.0.99"), Victim("::1")]
    yield victims
    for victim in victims:
        victim.close()


def sockets(pid: int) -> int:
    """How many sockets a process has open."""
    return sum(os.readlink(entry).startswith("socket:") for entry in Path(f"/proc/{pid}/fd").iterdir())


async def test_nothing_goes_where_an_offer_points(engine: EmbeddedEngine, victims: list[Victim]) -> None:
    """Candidates, default destinations and names of others; in offers, in fragments, after the handshake too."""
    assert engine.worker_pid is not None
    before = sockets(engine.worker_pid)
    names = [
        f"a=candidate:9 1 udp 2130706431 {name} {victims[0].port} typ host"
        for name in ("6f1b8a0e-3a6c-4a43-9d7e-1f4d3b0d5c11.local", "localhost", "turn.example.org", "127.0.0.99%lo")
    ]
    lines = [*victims[0].candidates(), *victims[1].candidates(), *names]
    section = synthetic.media("video", "recvonly").replace("c=IN IP4 0.0.0.0", "c=IN IP4 127.0.0.99")
    section = section.replace("m=video 9 ", f"m=video {victims[0].port} ")
    offer = synthetic.offer(CERTIFICATE, [section + "\n" + "\n".join(lines)])
    offer = offer.replace("o=- 1 1 IN IP4 127.0.0.1", "o=- 1 1 IN IP4 127.0.0.99")
    answer = await engine.view(offer, owner="bert", room="hall")
    assert "127.0.0.99" not in answer.sdp
    for line in lines:
        await engine.patch(answer.resource, line + "\r\n", None)
    restart = "a=ice-ufrag:another1\r\na=ice-pwd:anotherpasswordanother\r\n"
    await engine.patch(answer.resource, restart + "\r\n".join(lines) + "\r\n", "*")
    anna, bert = await stage(engine)
    await still_flows(anna, bert)
    await asyncio.sleep(1)
    assert not any(victim.hit() for victim in victims)
    assert sockets(engine.worker_pid) == before
