"""Links between the workers of one machine, by which a worker passes on what another one shows, too.

A link is a connection of kind ``AF_UNIX``, ``SOCK_SEQPACKET`` in a directory that only the server's own user may enter.
What goes over it is plain RTP and RTCP (RFC 3550), each packet with its length before it (RFC 4571 section 2), as many
in one message as came together. A link never waits: what the other side is too slow to take is dropped and counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

logger = logging.getLogger(__name__)

MESSAGE = 60_000
BUFFER = 4 * 1024 * 1024
BATCH = 32
BACKLOG = 16
_LENGTH = struct.Struct("!H")


class Link:
    """One end of a connection between two workers.

    Attributes:
        open: False once the other side is gone.
        sent: packets sent; dropped: packets that the other side did not take in time.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self.open = True
        self.sent = 0
        self.dropped = 0
        self._socket = sock
        self._queue: list[bytes] = []
        self._queued = 0
        self._on_dropped: Callable[[], None] = lambda: None
        self._on_end: Callable[[], None] = lambda: None

    def follow(
        self,
        receive: Callable[[list[bytes]], None],
        dropped: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        """Say who takes what comes, who is told of losses, and who of the end."""
        self._on_dropped, self._on_end = dropped, end
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable, receive)

    def push(self, packet: bytes) -> None:
        """Queue a packet until `flush`."""
        size = len(packet) + _LENGTH.size
        if self._queued + size > MESSAGE:
            self.flush()
        self._queue.append(packet)
        self._queued += size

    def flush(self) -> None:
        """Send what is queued, as one message."""
        queue, self._queue, self._queued = self._queue, [], 0
        if not queue or not self.open:
            return
        try:
            self._socket.send(b"".join([part for packet in queue for part in (_LENGTH.pack(len(packet)), packet)]))
            self.sent += len(queue)
        except (BlockingIOError, InterruptedError):
            self.dropped += len(queue)
            self._on_dropped()
        except OSError:
            self.close()

    def _readable(self, receive: Callable[[list[bytes]], None]) -> None:
        packets: list[bytes] = []
        ended = False
        for _ in range(BATCH):
            try:
                message = self._socket.recv(1 << 16)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                message = b""
            if not message:
                ended = True
                break
            packets += _packets(message)
        if packets:
            receive(packets)
        if ended:
            self.close()

    def close(self) -> None:
        """End the connection; the other side notices."""
        if self.open:
            self.open = False
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._on_end()


def _packets(message: bytes) -> Iterator[bytes]:
    at, end = 0, len(message)
    while at + _LENGTH.size <= end:
        (size,) = _LENGTH.unpack_from(message, at)
        at += _LENGTH.size
        yield message[at : at + size]
        at += size


def connect(path: Path) -> Link | None:
    """A link to the worker that listens at `path`, None where none does now."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        sock.setblocking(False)
        sock.connect(str(path))
    except OSError:
        sock.close()
        return None
    return Link(sock)


class LinkListener:
    """Takes links from other workers at a path of the file system."""

    def __init__(self, path: Path, accepted: Callable[[Link], None]) -> None:
        """Listen; what a worker before us left at `path` is replaced.

        Raises:
            OSError: the directory is not there.
        """
        self._path = path
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        self._socket.bind(str(path))
        self._socket.listen(BACKLOG)
        self._accepted = accepted
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        try:
            sock, _ = self._socket.accept()
        except OSError:
            logger.exception("a link could not be accepted")
            return
        self._accepted(Link(sock))

    def close(self) -> None:
        """Take no more; whoever is last removes the directory, lest a killed server leave it behind."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        with contextlib.suppress(OSError):
            self._path.unlink()
            self._path.parent.rmdir()
