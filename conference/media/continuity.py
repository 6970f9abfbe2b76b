"""How what is sent stays one stream while its sources change: numbers go on where those of the source before ended.

RFC 3550 section 5.1 (sequence number, timestamp) and RFC 7741 section 4.2 (VP8 picture id, TL0PICIDX). Each receiver
has an offset to its source's own numbers. Gaps of the source stay gaps: the receiver shall ask for what was lost.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from conference.media.rtp import Packet


class Position(NamedTuple):
    """The numbers sent last, and when (monotonic seconds; 0: nothing was sent yet)."""

    seq: int
    timestamp: int
    picture_id: int
    tl0: int
    at: float

    @classmethod
    def fresh(cls) -> Position:
        """Somewhere to begin: sequence numbers far from wrapping, so that receivers count the first wrap as we do."""
        below = secrets.randbelow
        return cls(below(0x4000), below(0x40000000), below(0x4000), below(0x80), 0.0)


class Offset(NamedTuple):
    """What is added to a source's numbers (16, 32, 15 and 8 bits)."""

    seq: int
    timestamp: int
    picture_id: int
    tl0: int

    @classmethod
    def after(cls, position: Position, packet: Packet, timestamp: int) -> Offset:
        """The offset by which `packet` comes next after `position`, at `timestamp`."""
        vp8 = packet.vp8
        return cls(
            (position.seq + 1 - packet.seq) & 0xFFFF,
            (timestamp - packet.timestamp) & 0xFFFFFFFF,
            (position.picture_id + 1 - vp8.picture_id) & 0x7FFF if vp8 is not None and vp8.picture_id >= 0 else 0,
            (position.tl0 + 1 - vp8.tl0) & 0xFF if vp8 is not None and vp8.tl0 >= 0 else 0,
        )

    def place(self, packet: Packet) -> tuple[int, int, bytes]:
        """``(seq, timestamp, payload)`` of a packet as it is sent."""
        return (
            (packet.seq + self.seq) & 0xFFFF,
            (packet.timestamp + self.timestamp) & 0xFFFFFFFF,
            self._payload(packet),
        )

    def _payload(self, packet: Packet) -> bytes:
        vp8 = packet.vp8
        if vp8 is None or not (self.picture_id or self.tl0) or (vp8.picture_id < 0 and vp8.tl0 < 0):
            return packet.payload
        payload = bytearray(packet.payload)
        if vp8.picture_id >= 0:
            picture_id = (vp8.picture_id + self.picture_id) & 0x7FFF
            payload[vp8.picture_id_at] = 0x80 | picture_id >> 8
            payload[vp8.picture_id_at + 1] = picture_id & 0xFF
        if vp8.tl0 >= 0:
            payload[vp8.tl0_at] = (vp8.tl0 + self.tl0) & 0xFF
        return bytes(payload)

    def position(self, head: Position) -> Position:
        """A source's position as this receiver has it."""
        return Position(
            (head.seq + self.seq) & 0xFFFF,
            (head.timestamp + self.timestamp) & 0xFFFFFFFF,
            (head.picture_id + self.picture_id) & 0x7FFF,
            (head.tl0 + self.tl0) & 0xFF,
            head.at,
        )


ZERO = Offset(0, 0, 0, 0)


class Places(NamedTuple):
    """Where a rendered packet has its VP8 picture id (two bytes) and TL0PICIDX, 0 for nowhere."""

    picture_id: int = 0
    tl0: int = 0


class Offsets:
    """The offsets of many receivers, added to copies of the same packets at one stroke."""

    def __init__(self, offsets: Sequence[Offset]) -> None:
        seq, timestamp, picture_id, tl0 = zip(*offsets, strict=True)
        self._seq = np.array(seq, np.uint16)[:, None]
        self._timestamp = np.array(timestamp, np.uint32)[:, None]
        self._picture_id = np.array(picture_id, np.uint16)[:, None]
        self._tl0 = np.array(tl0, np.uint8)[:, None]

    def add(self, copies: Any, places: Sequence[Places]) -> None:
        """Renumber RTP packets.

        Args:
            copies: ``uint8[receivers, packets, bytes]``, the same packets for each receiver, numbered by their source.
            places: one for each packet.
        """
        first = copies[0]
        _write(copies, 2, self._seq + _read(first, 2, ">u2"))
        _write(copies, 4, self._timestamp + _read(first, 4, ">u4"))
        if places[0].picture_id and all(place == places[0] for place in places):
            self._add_vp8(copies, places[0])
        else:
            for index, place in enumerate(places):
                if place.picture_id:
                    self._add_vp8(copies[:, index : index + 1], place)

    def _add_vp8(self, copies: Any, place: Places) -> None:
        first = copies[0]
        _write(copies, place.picture_id, (self._picture_id + _read(first, place.picture_id, ">u2")) | 0x8000)
        if place.tl0:
            copies[:, :, place.tl0] = self._tl0 + first[:, place.tl0]

    def add_to_reports(self, copies: Any) -> None:
        """Set right the RTP timestamp of sender reports (RFC 3550 section 6.4.1)."""
        _write(copies, 16, self._timestamp + _read(copies[0], 16, ">u4"))


def _read(packets: Any, at: int, kind: str) -> Any:
    """One number of each packet."""
    size = np.dtype(kind).itemsize
    return np.ascontiguousarray(packets[:, at : at + size]).view(kind)[:, 0].astype(kind[1:])


def _write(copies: Any, at: int, values: Any) -> None:
    """One number into each copy of each packet, in network byte order."""
    size = values.dtype.itemsize
    copies[:, :, at : at + size] = values.astype(f">u{size}").view(np.uint8).reshape(*values.shape, size)
