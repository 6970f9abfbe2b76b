"""ICE over TCP, passive (RFC 6544): each connection carries datagrams, each with its length before it (RFC 4571).

For those whose network lets no UDP through. A connection is a `Path` like any other: what comes by it is told apart by
its first byte, what goes there is framed. Nobody has to be known to connect, therefore everything is bounded: how many
connections, how long they may go without proof of whose they are, how long a frame is, and what waits to be sent.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import itertools
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from conference.media.udp import DATAGRAM, Path, UdpSocket

MAX_CONNECTIONS = 6000
MAX_UNPROVEN = 512
MAX_PER_ADDRESS = 500  # a whole office stands behind one address
MAX_UNPROVEN_PER_ADDRESS = 64
MAX_UNPROVEN_FRAMES = 32
PROOF_WITHIN = 5.0
IDLE = 90.0  # Chromium asks after a connection held in reserve every 25 s
MIN_FRAME = 12  # no message of STUN, DTLS, SRTP or SRTCP is shorter
MAX_WAITING = 256 * 1024
MAX_PICTURES_WAITING = 192 * 1024
SMALL = 400  # bytes; sound, reports and STUN are smaller, most of what pictures are cut into is larger
RECEIVE_BUFFER = 64 * 1024
NOT_SENT = 32 * 1024  # what the kernel may hold beyond what is under way; the rest waits where we can see it
BACKLOG = 256
TRIES = 20
_LENGTH = 2
_numbers = itertools.count(1)


class TcpPath(Path):
    """One accepted connection as somewhere to send to.

    Attributes:
        proven: whether somebody authenticated himself on it.
    """

    __slots__ = ("_transport", "proven")

    def __init__(self, transport: Any) -> None:
        self.key = b"tcp" + next(_numbers).to_bytes(8, "big")
        self.host, self.port = transport.get_extra_info("peername")[:2]
        self.ancillary = []
        self.name = self.name_size = self.control = self.control_size = 0
        self.proven = False
        self._transport = transport

    def stream(self, datagram: bytes) -> bool:
        """Frame and send one datagram; False when it is dropped: the connection is gone, or too much waits already.

        Pictures are dropped first, so that sound and answers still have room.
        """
        transport = self._transport
        most = MAX_WAITING if len(datagram) < SMALL else MAX_PICTURES_WAITING
        if transport.is_closing() or transport.get_write_buffer_size() > most:
            return False
        transport.write(len(datagram).to_bytes(_LENGTH, "big") + datagram)
        return True

    @property
    def gone(self) -> bool:
        """Whether it is closed, or about to be."""
        return bool(self._transport.is_closing())

    def prove(self) -> None:
        """Note that an authentic STUN request came: the connection may stay."""
        self.proven = True

    def close(self) -> None:
        """Close it, once what waits is sent."""
        self._transport.close()

    def abort(self) -> None:
        """Close it now."""
        self._transport.abort()


class TcpListener:
    """Accepts connections on one port, and knows all that are open.

    Args:
        on_datagrams: called with a path and the datagrams that came by it together.
        on_lost: called with the path of a connection that is closed.
    """

    def __init__(
        self,
        on_datagrams: Callable[[TcpPath, Sequence[bytes]], None],
        on_lost: Callable[[TcpPath], None],
        proof_within: float = PROOF_WITHIN,
        idle: float = IDLE,
    ) -> None:
        self.on_datagrams, self.on_lost = on_datagrams, on_lost
        self.proof_within, self.idle = proof_within, idle
        self.connections: set[_Connection] = set()
        self.refused = 0
        self._addresses: Counter[str] = Counter()
        self._unproven: Counter[str] = Counter()
        self._server: asyncio.Server | None = None

    @property
    def unproven(self) -> int:
        """Connections of which nobody knows yet whose they are."""
        return self._unproven.total()

    @property
    def addresses(self) -> int:
        """How many remote addresses have connections."""
        return len(self._addresses)

    async def listen(self, sock: socket.socket) -> None:
        """Accept on a socket made by `sockets`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=sock, backlog=BACKLOG)

    def admit(self, place: str) -> bool:
        """Count a new connection from there; False, when there are too many."""
        full = len(self.connections) >= MAX_CONNECTIONS or self.unproven >= MAX_UNPROVEN
        here = self._addresses[place] >= MAX_PER_ADDRESS or self._unproven[place] >= MAX_UNPROVEN_PER_ADDRESS
        if full or here:
            self.refused += 1
            return False
        self._addresses[place] += 1
        self._unproven[place] += 1
        return True

    def settle(self, place: str) -> None:
        """One connection more from there has proven whose it is, or was closed without."""
        _decrement(self._unproven, place)

    def leave(self, place: str) -> None:
        """One connection less from there."""
        _decrement(self._addresses, place)

    async def close(self) -> None:
        """Stop accepting, and close what is open."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.path.abort()
        if self._server is not None:
            await self._server.wait_closed()


def place(host: str) -> str:
    """Where an address is: IPv4 itself, of IPv6 the network (/64), as one machine may have all of that."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address) or address.ipv4_mapped:
        return host
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))


def _decrement(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


class _Connection(asyncio.Protocol):
    """Cuts a byte stream into datagrams; at most one unfinished frame is kept."""

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._rest = b""
        self._frames = 0
        self._heard = 0.0
        self._settled = True
        self._timer: asyncio.TimerHandle | None = None
        self._place = ""
        self.path: TcpPath

    def connection_made(self, transport: Any) -> None:
        """Admit the connection, for a few seconds at first."""
        if transport.get_extra_info("peername") is None:  # reset before we came to it
            transport.abort()
            return
        self.path = TcpPath(transport)
        self._place = place(self.path.host)
        if not self._listener.admit(self._place):
            transport.abort()
            return
        self._listener.connections.add(self)
        self._settled = False
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        self._timer = loop.call_later(self._listener.proof_within, self._check)

    def data_received(self, data: bytes) -> None:
        """Take what came: whole frames go on, a broken one ends the connection."""
        if self.path.gone:
            return
        self._heard = asyncio.get_running_loop().time()
        data = self._rest + data if self._rest else data
        frames, used, sound = _frames(data)
        self._rest = data[used:]
        if not self.path.proven:
            frames = frames[: MAX_UNPROVEN_FRAMES - self._frames]
            self._frames += len(frames)
        if frames:
            self._listener.on_datagrams(self.path, frames)
        if self.path.proven:
            self._settle()
        elif self._frames >= MAX_UNPROVEN_FRAMES:
            sound = False
        if not sound:
            self.path.abort()

    def _check(self) -> None:
        """Close who has not proven anything in time, or has been silent for long; else look again later."""
        loop = asyncio.get_running_loop()
        due = self._heard + self._listener.idle
        if not self.path.proven or loop.time() >= due:
            self.path.abort()
        else:
            self._timer = loop.call_at(due, self._check)

    def _settle(self) -> None:
        if not self._settled:
            self._settled = True
            self._listener.settle(self._place)

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the connection."""
        if self._timer is None:
            return  # was never admitted
        self._timer.cancel()
        self._settle()
        self._listener.leave(self._place)
        self._listener.connections.discard(self)
        self._listener.on_lost(self.path)


def _frames(data: bytes) -> tuple[list[bytes], int, bool]:
    """Whole frames at the beginning of `data`, how many bytes they took, and whether what follows may be one, too."""
    frames: list[bytes] = []
    at, end = 0, len(data)
    while end - at >= _LENGTH:
        size = data[at] << 8 | data[at + 1]
        if not MIN_FRAME <= size <= DATAGRAM:
            return frames, at, False
        if end - at < _LENGTH + size:
            break
        frames.append(data[at + _LENGTH : at + _LENGTH + size])
        at += _LENGTH + size
    return frames, at, True


def sockets(host: str, port: int) -> tuple[UdpSocket, socket.socket]:
    """A UDP socket and a TCP socket on the same port number (0: any that is free for both).

    Raises:
        OSError: the address is not ours, or the port is taken for one of them.
    """
    for attempt in range(TRIES):
        udp = UdpSocket(host, port)
        try:
            return udp, _tcp_socket(host, udp.port)
        except OSError as error:
            udp.close()
            if port or error.errno != errno.EADDRINUSE or attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _tcp_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)  # accepted sockets inherit these
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOT_SENT)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((host, port))
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
