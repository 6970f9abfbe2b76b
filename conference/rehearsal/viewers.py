"""Viewers that are cheap: packets are read in batches, decrypted where they lie, and looked at; nothing is decoded."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from conference.media import rtp, srtp
from conference.media.udp import BATCH, DATAGRAM, ffi, libc

SO_RCVBUFFORCE = 33
BUFFER = 4 * 1024 * 1024
"""Bytes that wait for a viewer while this process does something else."""
UNREADABLE = b"\x80" + bytes(11)
"""Stands for a packet that was not authentic."""


@dataclass
class Slot:
    """What came in one slot of a viewer.

    Attributes:
        kind: what the slot is for; the caller's own number.
        first, highest: extended sequence numbers, -1 before the first packet.
    """

    kind: int
    first: int = -1
    highest: int = -1
    count: int = 0

    def take(self, seq: int) -> None:
        """Note a sequence number."""
        if self.first < 0:
            self.first = self.highest = seq
        self.highest += max(rtp.seq_diff(seq, self.highest & 0xFFFF), 0)
        self.count += 1

    @property
    def lost(self) -> int:
        """Sequence numbers that never came."""
        return max(self.highest - self.first + 1 - self.count, 0) if self.count else 0


class Watching(Protocol):
    """Who is read for."""

    @property
    def descriptor(self) -> int:
        """The socket."""

    @property
    def keys(self) -> srtp.Srtp:
        """What DTLS agreed on."""

    def look(self, data: bytes) -> None:
        """At one decrypted RTP packet, or `UNREADABLE`."""


class Reader:
    """Empties the sockets of viewers."""

    def __init__(self) -> None:
        self._memory: Any = srtp.ffi.new("char[]", BATCH * DATAGRAM)
        self._pointers = [self._memory + i * DATAGRAM for i in range(BATCH)]
        start = int(srtp.ffi.cast("uintptr_t", self._memory))
        self._iov: Any = ffi.new("struct iovec[]", BATCH)
        self._headers: Any = ffi.new("struct mmsghdr[]", BATCH)
        for i in range(BATCH):
            self._iov[i].iov_base, self._iov[i].iov_len = ffi.cast("void *", start + i * DATAGRAM), DATAGRAM
            self._headers[i].msg_hdr.msg_iov, self._headers[i].msg_hdr.msg_iovlen = self._iov + i, 1

    def read(self, viewers: Iterable[Watching]) -> None:
        """Take all that waits for these."""
        for viewer in viewers:
            self._empty(viewer)

    def _empty(self, viewer: Watching) -> None:
        while (count := libc.recvmmsg(viewer.descriptor, self._headers, BATCH, socket.MSG_DONTWAIT, ffi.NULL)) > 0:
            for i in range(count):
                pointer = self._pointers[i]
                head = bytes(srtp.ffi.buffer(pointer, 2))
                if 128 <= head[0] < 192 and not 192 <= head[1] < 224:
                    size = viewer.keys.open_in_place(pointer, self._headers[i].msg_len)
                    viewer.look(bytes(srtp.ffi.buffer(pointer, size)) if size else UNREADABLE)
            if count < BATCH:
                return
