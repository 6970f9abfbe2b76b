"""Redundant sound (RFC 2198): each packet brings its forerunners along, so that a lost one is there again soon."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from conference.media.rtp import Packet

MAX_AGO = 0x3FFF  # timestamp units
MAX_BLOCK = 0x3FF  # bytes


def payload(packet: Packet, earlier: Sequence[Packet], payload_type: int) -> bytes:
    """The payload of a redundant packet.

    Args:
        packet: the one that is sent.
        earlier: those it brings along, oldest first; what is too old or too long for it stays out.
        payload_type: of the sound itself, as the receiver knows it.
    """
    headers, blocks = b"", b""
    for block in earlier:
        ago, size = (packet.timestamp - block.timestamp) & 0xFFFFFFFF, len(block.payload)
        if ago <= MAX_AGO and size <= MAX_BLOCK and not block.padded:
            headers += struct.pack("!I", 0x80000000 | payload_type << 24 | ago << 10 | size)
            blocks += block.payload
    return headers + bytes([payload_type]) + blocks + packet.payload
