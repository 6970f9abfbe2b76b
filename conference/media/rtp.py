"""RTP packets (RFC 3550 section 5.1), header extensions (RFC 8285), and what a payload says about itself."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
EXTENSIONS = (MID, AUDIO_LEVEL, ABS_SEND_TIME, RID, REPAIRED_RID)

ONE_BYTE = 0xBEDE
HEADER = struct.Struct("!BBHII")


class Malformed(ValueError):
    """Bytes that are not what they claim to be."""


def seq_diff(a: int, b: int) -> int:
    """How far sequence number `a` is ahead of `b`, -32768 … 32767."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000


def header_size(data: bytes | bytearray, start: int, size: int) -> tuple[int, int, int]:
    """Locate the parts of the packet at ``data[start:start + size]``.

    Returns:
        ``(payload, extension, extension size)``: offsets into `data`; the extension is 0, 0 where there is none or it
        is not of the one-byte form.

    Raises:
        Malformed: the header claims more bytes than there are.
    """
    first = data[start]
    offset = start + 12 + 4 * (first & 0x0F)
    end = start + size
    extension = extension_size = 0
    if first & 0x10:
        if offset + 4 > end:
            raise Malformed("truncated header extension")
        profile, words = struct.unpack_from("!HH", data, offset)
        offset += 4
        if profile == ONE_BYTE:
            extension, extension_size = offset, 4 * words
        offset += 4 * words
    if offset > end:
        raise Malformed("truncated header")
    return offset, extension, extension_size


def find_extension(data: bytes | bytearray, start: int, size: int, wanted: int) -> bytes | None:
    """The value of header extension `wanted` (1 … 14) in the one-byte block at `start`, or None."""
    offset, end = start, start + size
    while offset < end:
        first = data[offset]
        if first == 0:
            offset += 1
            continue
        length = (first & 0x0F) + 1
        if offset + 1 + length > end:
            return None
        if first >> 4 == wanted:
            return bytes(data[offset + 1 : offset + 1 + length])
        offset += 1 + length
    return None


def extension_element(ident: int, value: bytes) -> bytes:
    """One header extension element of the one-byte form; `value` has 1 to 16 bytes."""
    return bytes([ident << 4 | len(value) - 1]) + value


def extension_block(elements: bytes) -> bytes:
    """Elements with the RFC 8285 header before and padding behind; ``b""`` for none."""
    if not elements:
        return b""
    padded = elements + bytes(-len(elements) % 4)
    return struct.pack("!HH", ONE_BYTE, len(padded) // 4) + padded


def abs_send_time(now: float) -> bytes:
    """Three bytes: seconds in 6.18 fixed point, wrapping every 64 s."""
    return (int(now * 262144) & 0xFFFFFF).to_bytes(3, "big")


# VP8 (RFC 7741 section 4.2)


@dataclass(frozen=True, slots=True)
class Vp8Descriptor:
    """Where the VP8 payload descriptor keeps what a switch must rewrite.

    Attributes:
        key: a key frame starts here.
        picture_id: 15-bit picture id, -1 where absent or of the 7-bit form.
        picture_id_at: its offset in the payload.
        tl0: TL0PICIDX, -1 where absent.
        tl0_at: its offset in the payload.
        height: of the picture, in lines; 0 where no key frame starts.
    """

    key: bool
    picture_id: int
    picture_id_at: int
    tl0: int
    tl0_at: int
    height: int = 0


def vp8_descriptor(payload: bytes) -> Vp8Descriptor:
    """Read the payload descriptor.

    Raises:
        Malformed: the payload ends within it.
    """
    try:
        return _vp8_descriptor(payload)
    except IndexError:
        raise Malformed("truncated VP8 payload descriptor") from None


def _vp8_descriptor(payload: bytes) -> Vp8Descriptor:
    first, at = payload[0], 1
    picture_id = tl0 = -1
    picture_id_at = tl0_at = 0
    if first & 0x80:
        flags, at = payload[1], 2
        if flags & 0x80:
            if payload[at] & 0x80:
                picture_id, picture_id_at = (payload[at] & 0x7F) << 8 | payload[at + 1], at
                at += 2
            else:
                at += 1
        if flags & 0x40:
            tl0, tl0_at = payload[at], at
            at += 1
        if flags & 0x30:
            at += 1
    starts = first & 0x17 == 0x10
    key = starts and len(payload) > at and payload[at] & 0x01 == 0
    height = _vp8_height(payload, at) if key else 0
    return Vp8Descriptor(key, picture_id, picture_id_at, tl0, tl0_at, height)


def _vp8_height(payload: bytes, at: int) -> int:
    """Lines of a key frame (RFC 6386 section 9.1), 0 where its start code is missing."""
    if payload[at + 3 : at + 6] != b"\x9d\x01\x2a" or len(payload) < at + 10:
        return 0
    return (payload[at + 9] << 8 | payload[at + 8]) & 0x3FFF


@dataclass(slots=True)
class Packet:
    """One RTP packet of a publisher, header extensions removed.

    Attributes:
        seq: sequence number, 16 bits.
        timestamp: RTP timestamp, 32 bits, in units of the codec's clock.
        marker: the marker bit.
        padded: the padding bit; the padding is still in `payload`.
        payload: codec payload.
        key: whether a key frame starts here (a decoder can begin with this packet).
        level: audio level in -dBov, 0 (loud) to 127 (silent); None where not told (RFC 6464).
        vp8: the payload descriptor of a VP8 payload.
        height: lines of the key frame that starts here, 0 where not told.
    """

    seq: int
    timestamp: int
    marker: bool
    padded: bool
    payload: bytes
    key: bool = False
    level: int | None = None
    vp8: Vp8Descriptor | None = None
    height: int = 0

    def look_inside(self, codec: str) -> None:
        """Learn from the payload what a switch must know.

        Raises:
            Malformed: the payload is none of this codec.
        """
        if codec == "VP8" and self.payload:
            self.vp8 = vp8_descriptor(self.payload)
            self.key, self.height = self.vp8.key, self.vp8.height
        elif codec == "H264":
            self.key = h264_starts_key_frame(self.payload)
        else:
            self.key = codec == "opus"


# H.264 (RFC 6184 section 5)

_SLICE_IDR, _SPS, _STAP_A, _FU_A = 5, 7, 24, 28


def h264_starts_key_frame(payload: bytes) -> bool:
    """Whether a sequence parameter set or the first part of an IDR picture is in this payload."""
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind in (_SLICE_IDR, _SPS):
        return True
    if kind == _FU_A:
        return len(payload) > 1 and payload[1] & 0x80 != 0 and payload[1] & 0x1F in (_SLICE_IDR, _SPS)
    return kind == _STAP_A and any(unit in (_SLICE_IDR, _SPS) for unit in _stap_units(payload))


def _stap_units(payload: bytes) -> list[int]:
    units, at = [], 1
    while at + 2 < len(payload):
        units.append(payload[at + 2] & 0x1F)
        at += 2 + (payload[at] << 8 | payload[at + 1])
    return units
