"""RTCP packets (RFC 3550 section 6, RFC 4585, RFC 5104, draft-alvestrand-rmcat-remb): written and read."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conference.media.rtp import Malformed

SR, RR, SDES, BYE, RTPFB, PSFB, XR = 200, 201, 202, 203, 205, 206, 207
NACK, PLI, FIR, AFB = 1, 1, 4, 15
REFERENCE_TIME, DELAY_SINCE_REFERENCE = 4, 5
NTP_EPOCH = 2208988800
MAX_LOST = 1000  # packets named as missing by one message: as many as are sent again in a second
MAX_BITRATE = 1 << 34
_REMB = b"REMB"


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says about one stream (RFC 3550 section 6.4.1).

    Attributes:
        ssrc: the stream.
        fraction: packets lost since the last report, in 1/256.
        lost: cumulative packets lost, 24 bits signed.
        highest: extended highest sequence number received.
        jitter: interarrival jitter in timestamp units.
        last_sr: middle 32 bits of the last sender report's NTP time, 0 for none.
        delay: time since that report in 1/65536 s.
    """

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int
    last_sr: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """NTP time (64 bits) and RTP timestamp of the same instant."""

    ssrc: int
    ntp: int
    rtp: int


@dataclass(frozen=True, slots=True)
class Nack:
    """Sequence numbers the receiver of `ssrc` misses (RFC 4585 section 6.2.1)."""

    ssrc: int
    lost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyFrameRequest:
    """PLI (RFC 4585 section 6.3.1) or FIR (RFC 5104 section 4.3.1) for `ssrc`."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Remb:
    """Receiver estimated maximum bitrate, bits per second, at most `MAX_BITRATE`."""

    bitrate: int


@dataclass(frozen=True, slots=True)
class Bye:
    """Streams that end."""

    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Echo:
    """A reference time of ours coming back (RFC 3611 section 4.5).

    Attributes:
        last: middle 32 bits of the reference time.
        delay: how long the peer kept it, in 1/65536 s.
    """

    last: int
    delay: int


Message = ReportBlock | SenderReport | Nack | KeyFrameRequest | Remb | Bye | Echo


def ntp_time(now: float) -> int:
    """Unix seconds as a 64-bit NTP timestamp."""
    return int((now + NTP_EPOCH) * 4294967296) & 0xFFFFFFFFFFFFFFFF


def unix_time(ntp: int) -> float:
    """A 64-bit NTP timestamp as Unix seconds."""
    return ntp / 4294967296 - NTP_EPOCH


def read(data: bytes) -> list[Message]:
    """All messages of a compound packet that this side understands; others are passed over.

    Raises:
        Malformed: a length does not fit.
    """
    messages: list[Message] = []
    try:
        for kind, count, body in _packets(data):
            messages.extend(_messages(kind, count, body))
    except (struct.error, IndexError):
        raise Malformed("truncated RTCP packet") from None
    return messages


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    offset = 0
    while offset + 4 <= len(data):
        first, kind, words = struct.unpack_from("!BBH", data, offset)
        end = offset + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            raise Malformed("bad RTCP header")
        yield kind, first & 0x1F, data[offset + 4 : end]
        offset = end


def _messages(kind: int, count: int, body: bytes) -> Iterator[Message]:
    if kind == SR:
        ssrc, ntp, rtp = struct.unpack_from("!IQI", body)
        yield SenderReport(ssrc, ntp, rtp)
        yield from _blocks(body[24:], count)
    elif kind == RR:
        yield from _blocks(body[4:], count)
    elif kind == BYE:
        yield Bye(struct.unpack_from(f"!{count}I", body))
    elif kind == RTPFB and count == NACK:
        ssrc = struct.unpack_from("!I", body, 4)[0]
        yield Nack(ssrc, tuple(itertools.islice(_lost(body[8:]), MAX_LOST)))
    elif kind == XR:
        yield from _echoes(body[4:])
    elif kind == PSFB:
        yield from _payload_feedback(count, body)


def _blocks(data: bytes, count: int) -> Iterator[ReportBlock]:
    for i in range(count):
        ssrc, loss, highest, jitter, last_sr, delay = struct.unpack_from("!IIIIII", data, 24 * i)
        lost = loss & 0xFFFFFF
        yield ReportBlock(ssrc, loss >> 24, lost - ((lost & 0x800000) << 1), highest, jitter, last_sr, delay)


def _lost(fci: bytes) -> Iterator[int]:
    for pid, mask in struct.iter_unpack("!HH", fci[: len(fci) // 4 * 4]):
        yield pid
        for bit in range(16):
            if mask >> bit & 1:
                yield (pid + bit + 1) & 0xFFFF


def _echoes(blocks: bytes) -> Iterator[Message]:
    while len(blocks) >= 4:
        kind, size = blocks[0], 4 + 4 * int.from_bytes(blocks[2:4], "big")
        if kind == DELAY_SINCE_REFERENCE and size >= 16:
            _, last, delay = struct.unpack_from("!III", blocks, 4)
            yield Echo(last, delay)
        blocks = blocks[size:]


def _payload_feedback(fmt: int, body: bytes) -> Iterator[Message]:
    if fmt == PLI:
        yield KeyFrameRequest(struct.unpack_from("!I", body, 4)[0])
    elif fmt == FIR:
        for ssrc, _ in struct.iter_unpack("!II", body[8 : 8 + (len(body) - 8) // 8 * 8]):
            yield KeyFrameRequest(ssrc)
    elif fmt == AFB and body[8:12] == _REMB:
        exponent, high, low = body[13] >> 2, body[13] & 3, body[14:16]
        yield Remb(min((high << 16 | int.from_bytes(low, "big")) << exponent, MAX_BITRATE))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def receiver_report(sender: int, blocks: Sequence[ReportBlock] = ()) -> bytes:
    """A receiver report with up to 31 blocks."""
    body = struct.pack("!I", sender)
    for block in blocks[:31]:
        loss = block.fraction << 24 | block.lost & 0xFFFFFF
        body += struct.pack("!IIIIII", block.ssrc, loss, block.highest, block.jitter, block.last_sr, block.delay)
    return _packet(RR, len(blocks[:31]), body)


def sender_report(ssrc: int, ntp: int, rtp: int, packets: int, octets: int) -> bytes:
    """A sender report without blocks."""
    return _packet(SR, 0, struct.pack("!IQIII", ssrc, ntp, rtp & 0xFFFFFFFF, packets, octets & 0xFFFFFFFF))


def reference_time(sender: int, ntp: int) -> bytes:
    """Ask a sender, who gets no sender reports from us, to help measure the round trip (RFC 3611 section 4.4)."""
    return _packet(XR, 0, struct.pack("!IBBHQ", sender, REFERENCE_TIME, 0, 2, ntp))


def round_trip(now: int, last: int, delay: int) -> float | None:
    """Seconds, from NTP time `now` and what came back in middle 32 bits; None where they make no sense."""
    passed = ((now >> 16) - last - delay) & 0xFFFFFFFF
    return round(passed / 65536, 4) if last and passed < 16 * 65536 else None


def source_description(ssrc: int, cname: str) -> bytes:
    """SDES with the canonical name (RFC 3550 section 6.5.1)."""
    item = bytes([1, len(cname)]) + cname.encode("ascii")
    chunk = struct.pack("!I", ssrc) + item + b"\0"
    return _packet(SDES, 1, chunk + bytes(-len(chunk) % 4))


def nack(sender: int, ssrc: int, lost: Iterable[int]) -> bytes:
    """Ask for packets again; `lost` in rising order."""
    pairs: list[list[int]] = []
    for seq in lost:
        ahead = (seq - pairs[-1][0]) & 0xFFFF if pairs else 0
        if pairs and 0 < ahead <= 16:
            pairs[-1][1] |= 1 << (ahead - 1)
        else:
            pairs.append([seq, 0])
    return _packet(RTPFB, NACK, struct.pack("!II", sender, ssrc) + b"".join(struct.pack("!HH", *p) for p in pairs))


def picture_loss(sender: int, ssrc: int) -> bytes:
    """Ask for a key frame."""
    return _packet(PSFB, PLI, struct.pack("!II", sender, ssrc))


def remb(sender: int, bitrate: int, ssrcs: Sequence[int]) -> bytes:
    """Tell the sender of `ssrcs` how many bits per second may come altogether."""
    exponent = max(bitrate.bit_length() - 18, 0)
    mantissa = bitrate >> exponent
    body = struct.pack("!II4sBBH", sender, 0, _REMB, len(ssrcs), exponent << 2 | mantissa >> 16, mantissa & 0xFFFF)
    return _packet(PSFB, AFB, body + b"".join(struct.pack("!I", ssrc) for ssrc in ssrcs))
