"""The packet filter, as the kernel runs it."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Iterator

import pytest

from conference.media.shield import MAX_ADDRESSES, SAMPLE, Shield
from conference.media.udp import UdpSocket

STUN = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)
RECORD = b"\x16\xfe\xff" + bytes(10)
MEDIA = b"\x80\x60" + bytes(10)


@pytest.fixture(params=["127.0.0.1", "::1", "::"])
def port(request: pytest.FixtureRequest) -> Iterator[UdpSocket]:
    """A media socket of each family, and of both."""
    port = UdpSocket(request.param, 0)
    yield port
    port.close()


def sender(port: UdpSocket) -> socket.socket:
    """A socket that sends to it; to the one of both families by IPv4."""
    host = port.socket.getsockname()[0]
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.connect(("::1" if host == "::1" else "127.0.0.1", port.port))
    return sock


def passed(port: UdpSocket, shield: Shield, sock: socket.socket, data: bytes) -> bool:
    """Whether one datagram comes through; if not, it is counted."""
    before = shield.dropped
    sock.send(data)
    came = port.receive() == 1
    assert shield.dropped - before == (not came)
    return came


def raised(shield: Shield, addresses: list[bytes]) -> None:
    """A second with a flood."""
    shield.watch(100_000, addresses, 1.0, 1.0)
    assert shield.raised


def test_what_is_nothing_of_ours_never_arrives(port: UdpSocket) -> None:
    shield = Shield(port.socket)
    with sender(port) as sock:
        for data in (STUN, RECORD, MEDIA, b"\x2c" + bytes(12), STUN + bytes(2028), b"\xbf\xc8" + bytes(10)):
            assert passed(port, shield, sock, data), data[:4]
        strange = [b"", b"\x80", bytes(65_507), STUN + bytes(2029), MEDIA + bytes(2037), STUN[:19], RECORD[:12]]
        strange += [MEDIA[:11], b"\x01\x01" + STUN[2:], STUN[:4] + bytes(16), b"\x16\x03\x03" + bytes(10)]
        strange += [bytes([first]) + STUN[1:] for first in (1, 4, 19, 64, 127, 192, 255)]
        for data in strange:
            if len(data) < 65_000 or sock.family == socket.AF_INET:
                assert not passed(port, shield, sock, data), data[:4]


def test_under_fire_only_peers_are_heard(port: UdpSocket) -> None:
    shield = Shield(port.socket)
    with sender(port) as peer, sender(port) as stranger:
        peer.send(STUN)
        assert port.receive() == 1
        raised(shield, [port.source(0)])
        for data in (STUN, RECORD, MEDIA):
            assert passed(port, shield, peer, data)
        assert not any(passed(port, shield, stranger, data) for data in (RECORD, MEDIA))
        let_in = sum(passed(port, shield, stranger, STUN) for _ in range(1600))
        assert 0.3 * 1600 / SAMPLE < let_in < 3 * 1600 / SAMPLE


def test_who_joins_under_fire_is_let_in(port: UdpSocket) -> None:
    shield = Shield(port.socket)
    with sender(port) as peer:
        peer.send(STUN)
        assert port.receive() == 1
        key = port.source(0)
        raised(shield, [])
        assert not passed(port, shield, peer, MEDIA)
        shield.watch(200_000, [key], 1.0, 2.0)
        assert passed(port, shield, peer, MEDIA)
        shield.watch(200_000, [], 1.0, 3.0)
        assert not passed(port, shield, peer, MEDIA)


def test_it_is_lowered_when_it_is_calm(port: UdpSocket) -> None:
    shield = Shield(port.socket)
    with sender(port) as stranger:
        raised(shield, [])
        shield.watch(100_000, [], 1.0, 5.0)
        assert shield.raised
        for _ in range(1000):
            stranger.send(MEDIA)
        shield.watch(100_000, [], 0.1, 9.0)  # what the kernel drops is a flood as well
        shield.watch(100_000, [], 1.0, 14.0)
        assert shield.raised
        shield.watch(100_000, [], 1.0, 14.1)
        assert not shield.raised
        assert passed(port, shield, stranger, MEDIA)


def address(rng: random.Random, family: int) -> bytes:
    """A raw ``sockaddr`` drawn at random."""
    if family == socket.AF_INET:
        return struct.pack("=H", family) + rng.randbytes(6) + bytes(8)
    return struct.pack("=H", family) + rng.randbytes(2) + bytes(4) + rng.randbytes(16) + bytes(4)


@pytest.mark.parametrize("count", [1, 8, 9, 500, MAX_ADDRESSES])
def test_it_knows_as_many_as_it_says(port: UdpSocket, count: int) -> None:
    shield, rng = Shield(port.socket), random.Random(count)
    with sender(port) as peer, sender(port) as stranger:
        peer.send(STUN)
        assert port.receive() == 1
        others = [address(rng, rng.choice([socket.AF_INET, socket.AF_INET6])) for _ in range(count - 1)]
        raised(shield, [*others, port.source(0)])
        assert passed(port, shield, peer, MEDIA)
        assert not passed(port, shield, stranger, MEDIA)


def test_with_more_peers_than_fit_everybody_is_let_in(port: UdpSocket) -> None:
    shield, rng = Shield(port.socket), random.Random(1)
    with sender(port) as peer:
        raised(shield, [])
        shield.watch(200_000, [address(rng, socket.AF_INET) for _ in range(MAX_ADDRESSES + 1)], 1.0, 2.0)
        assert not shield.raised
        assert passed(port, shield, peer, MEDIA)


def test_where_the_kernel_takes_no_filter_all_goes_on() -> None:
    """Its refusal is real: the filter of this socket is locked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, 44, 1)  # SO_LOCK_FILTER: from now on the kernel refuses filters
        shield = Shield(sock)
        shield.watch(100_000, [], 1.0, 1.0)
        assert (shield.works, shield.raised) == (False, False)
