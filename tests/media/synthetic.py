"""Peers made of a socket and nothing else: real ICE, DTLS and SRTP; packets are written and read by the test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, ClassVar

from conference.media import rtcp, rtp
from conference.media.aiortc_seam import Certificate
from conference.rehearsal.peer import (  # noqa: F401  (what tests write offers and packets with)
    LEVEL_ID,
    MID_ID,
    OPUS,
    PASSWORD,
    RTX,
    SEND_TIME_ID,
    UFRAG,
    VP8,
    Peer,
    attribute,
    media,
    offer,
    vp8_payload,
)


@dataclass
class Received:
    """An RTP packet as it came in, decrypted."""

    payload_type: int
    seq: int
    timestamp: int
    ssrc: int
    marker: bool
    payload: bytes
    extensions: dict[int, bytes] = field(default_factory=dict)


def read_rtp(data: bytes) -> Received:
    """Take a plain RTP packet apart."""
    _, second, seq, timestamp, ssrc = rtp.HEADER.unpack_from(data)
    at, extension, size = rtp.header_size(data, 0, len(data))
    found = {i: v for i in range(1, 15) if (v := rtp.find_extension(data, extension, size, i)) is not None}
    return Received(second & 0x7F, seq, timestamp, ssrc, second & 0x80 != 0, data[at:], found)


class Framed(asyncio.Protocol):
    """A TCP connection that looks to a peer like a datagram transport: each datagram has its length before it."""

    def __init__(self, peer: SyntheticPeer) -> None:
        self._peer = peer
        self._rest = b""
        self._stream: Any = None

    def connection_made(self, transport: Any) -> None:
        self._stream = transport
        self._peer.connection_made(self)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while len(self._rest) >= 2 and len(self._rest) >= 2 + (size := int.from_bytes(self._rest[:2], "big")):
            frame, self._rest = self._rest[2 : 2 + size], self._rest[2 + size :]
            self._peer.datagram_received(frame, self._peer.socket.getpeername())

    def connection_lost(self, error: Exception | None) -> None:
        self._peer.hung_up.set()

    def sendto(self, data: bytes) -> None:
        self._stream.write(len(data).to_bytes(2, "big") + data)

    def close(self) -> None:
        self._stream.close()

    def pause(self, pausing: bool) -> None:
        (self._stream.pause_reading if pausing else self._stream.resume_reading)()

    def is_closing(self) -> bool:
        closing: bool = self._stream.is_closing()
        return closing

    def get_extra_info(self, name: str) -> Any:
        return self._stream.get_extra_info(name)


class SyntheticPeer(Peer):
    """A peer that keeps all that comes.

    Attributes:
        tcp: whether the next socket is a TCP connection (RFC 6544).
        hung_up: set when a TCP connection ended.
        rtp: what came in, in order; `rtcp`: the messages that came in.
        opened: all peers with a socket, for those who tidy up.
    """

    opened: ClassVar[list[SyntheticPeer]] = []

    def __init__(self, certificate: Certificate | None = None, tcp: bool = False) -> None:
        super().__init__(certificate)
        self.tcp = tcp
        self.hung_up = asyncio.Event()
        self.rtp: list[Received] = []
        self.rtcp: list[rtcp.Message] = []
        self.arrived = asyncio.Event()

    def take_rtp(self, plain: bytes) -> None:
        self.rtp.append(read_rtp(plain))

    def take_rtcp(self, messages: list[rtcp.Message]) -> None:
        self.rtcp += messages

    def _media(self, data: bytes) -> None:
        super()._media(data)
        self.arrived.set()

    async def open_socket(self, port: int) -> None:
        if self._transport is None:
            self.opened.append(self)
        await super().open_socket(port)

    async def dial(self, port: int, own: str) -> None:
        if self.tcp:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: Framed(self), self.host, port, local_addr=(own, 0))
        else:
            await super().dial(port, own)

    def pause(self, pausing: bool) -> None:
        """Read nothing any more from a TCP connection, or read on."""
        self._transport.pause(pausing)

    async def until(self, condition: Any, seconds: float = 10.0) -> None:
        """Wait until `condition()` holds, looking at every packet that comes.

        Raises:
            TimeoutError: it does not.
        """
        async with asyncio.timeout(seconds):
            while not condition():
                self.arrived.clear()
                await self.arrived.wait()
