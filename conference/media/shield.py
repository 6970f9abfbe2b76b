"""Junk is dropped by the kernel, before it takes a place in the receive buffer: a classic BPF filter on the socket.

Needs no privilege. What can be nothing of ours is always dropped: too short, too long, or of no kind that RFC 7983
knows. While strangers flood us, so is everything but STUN from addresses where no peer of ours is, and of their STUN
one request in `SAMPLE` comes through, so that newcomers still get in.
"""

from __future__ import annotations

import ctypes
import logging
import secrets
import socket
import struct
from collections.abc import Iterable, Sequence

logger = logging.getLogger(__name__)

SO_ATTACH_FILTER, SO_MEMINFO = 26, 55
MEMINFO_WORDS, MEMINFO_DROPS = 9, 8
UDP_HEADER = 8
LARGEST = 2048
RAISE_AT, LOWER_AT = 20_000.0, 5_000.0
"""Strange datagrams a second at which strangers are shut out, and let in again."""
CALM_SECONDS = 5.0
SAMPLE = 16
MAX_ADDRESSES = 2000
"""More do not fit into the 4,096 instructions that the kernel takes."""
LEAF = 8
MAGIC_COOKIE = 0x2112A442

# instructions (linux/bpf_common.h) and ancillary offsets (linux/filter.h)
_LD, _LD_LEN, _LD_WORD, _LD_HALF, _LD_BYTE, _LD_MEM, _ST = 0x00, 0x80, 0x20, 0x28, 0x30, 0x60, 0x02
_JUMP, _JEQ, _JGT, _JGE = 0x05, 0x15, 0x25, 0x35
_AND, _MUL, _XOR, _RSH, _ADD_X, _XOR_X, _TAX = 0x54, 0x24, 0xA4, 0x74, 0x0C, 0xAC, 0x07
_RETURN, _RETURN_A = 0x06, 0x16
_NETWORK, _RANDOM = 0xFFF00000, 0xFFFFF000 + 56
_IPV4_SOURCE, _IPV6_SOURCE = _NETWORK + 12, _NETWORK + 8

Line = tuple[int, int, str, str]
"""An instruction: code, operand, and the labels to go on at if its condition holds or not (``""``: the next line)."""
Instruction = tuple[int, int, int, int]
"""The same as the kernel takes it: code, distance if true, distance if false, operand."""
PASS: Instruction = (_RETURN, 0, 0, 0xFFFFFFFF)


def _line(code: int, operand: int = 0, then: str = "", otherwise: str = "") -> Line:
    return code, operand, then, otherwise


# What may be ours, by its first byte (RFC 7983). Cell 0 holds the verdict on what comes from a stranger.
_KINDS: dict[str, list[Line]] = {
    "begin": [
        _line(_LD_LEN),
        _line(_JGT, UDP_HEADER + LARGEST, "drop"),
        _line(_JGE, UDP_HEADER + 1, "", "drop"),
        _line(_LD_BYTE, UDP_HEADER),
        _line(_JGE, 192, "drop"),
        _line(_JGE, 128, "media"),
        _line(_JGE, 64, "drop"),
        _line(_JGE, 32, "record"),
        _line(_JGE, 20, "old record"),
        _line(_JGE, 4, "drop"),
    ],
    "request": [
        _line(_LD_LEN),
        _line(_JGE, UDP_HEADER + 20, "", "drop"),
        _line(_LD_HALF, UDP_HEADER),
        _line(_JEQ, 1, "", "drop"),
        _line(_LD_WORD, UDP_HEADER + 4),
        _line(_JEQ, MAGIC_COOKIE, "", "drop"),
        _line(_LD_WORD, _RANDOM),
        _line(_AND, SAMPLE - 1),
        _line(_JEQ, 0, "", "stranger"),
        _line(_LD, 0xFFFFFFFF),
        _line(_JEQ, 0xFFFFFFFF, "known"),
    ],
    "old record": [_line(_LD_BYTE, UDP_HEADER + 1), _line(_JEQ, 0xFE, "", "drop")],
    "record": [_line(_LD_LEN), _line(_JGE, UDP_HEADER + 13, "stranger", "drop")],
    "media": [_line(_LD_LEN), _line(_JGE, UDP_HEADER + 12, "stranger", "drop")],
    "drop": [_line(_RETURN, 0)],
    "stranger": [_line(_LD, 0)],
    "known": [_line(_ST, 0)],
}


def _assembled(blocks: dict[str, list[Line]]) -> list[Instruction]:
    places, at = {}, 0
    for label, lines in blocks.items():
        places[label] = at
        at += len(lines)
    program: list[Instruction] = []
    for code, operand, then, otherwise in (line for lines in blocks.values() for line in lines):
        after = len(program) + 1
        distances = [places[label] - after if label else 0 for label in (then, otherwise)]
        program.append((code, distances[0], distances[1], operand))
    return program


def _search(hashes: Sequence[int]) -> list[Instruction]:
    """Pass where the accumulator is one of these (sorted) numbers, else return cell 0; a binary search."""
    count = len(hashes)
    if count <= LEAF:
        compared = [(_JEQ, count - i + 1, 0, value) for i, value in enumerate(hashes)]
        return [*compared, (_LD_MEM, 0, 0, 0), (_RETURN_A, 0, 0, 0), PASS]
    left, right = _search(hashes[: count // 2]), _search(hashes[count // 2 :])
    return [(_JGE, 0, 1, hashes[count // 2]), (_JUMP, 0, 0, len(left)), *left, *right]


class Hash:
    """A number for a remote address, reckoned here and in the kernel alike; its key is drawn anew for each socket."""

    def __init__(self) -> None:
        self._mask, self._first, self._second = (secrets.randbits(32) | 1 for _ in range(3))

    def of(self, key: bytes) -> int:
        """The number of a raw ``sockaddr`` (an IPv4 address may be written as IPv6)."""
        port = int.from_bytes(key[2:4], "big")
        address = key[4:8] if len(key) == 16 else key[8:24]
        address = address[12:] if address[:12] == bytes(10) + b"\xff\xff" else address
        source = 0
        for word in struct.unpack(f"!{len(address) // 4}I", address):
            source = (source * self._first ^ word) & 0xFFFFFFFF
        return ((source ^ self._mask) * self._first + port) * self._second & 0xFFFFFFFF

    def program(self) -> list[Instruction]:
        """The same for the datagram at hand, into the accumulator."""
        version: list[Instruction] = [(_LD_BYTE, 0, 0, _NETWORK), (_RSH, 0, 0, 4)]
        words = [(_LD_WORD, 0, 0, _IPV6_SOURCE + 4 * i) for i in range(4)]
        folding: list[Instruction] = [(_MUL, 0, 0, self._first), (_TAX, 0, 0, 0)]
        ipv6 = [words[0]]
        for word in words[1:]:
            ipv6 += [*folding, word, (_XOR_X, 0, 0, 0)]
        ipv4 = [(_LD_WORD, 0, 0, _IPV4_SOURCE)]
        source = [(_JEQ, 0, len(ipv6) + 1, 6), *ipv6, (_JUMP, 0, 0, len(ipv4)), *ipv4]
        mixing: list[Instruction] = [(_XOR, 0, 0, self._mask), *folding, (_LD_HALF, 0, 0, 0), (_ADD_X, 0, 0, 0)]
        return [*version, *source, *mixing, (_MUL, 0, 0, self._second)]


class Shield:
    """The filter of one socket.

    Attributes:
        raised: whether strangers are shut out.
        works: whether the kernel took the filter at all.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Drop from now on what can be nothing of ours."""
        self.raised = False
        self._socket = sock
        self._hash = Hash()
        self._known: frozenset[bytes] = frozenset()
        self._strange = self._dropped = 0
        self._calm_since = 0.0
        self.works = self._attach([*_assembled(_KINDS), PASS])

    def _attach(self, program: Sequence[Instruction]) -> bool:
        code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
        argument = struct.pack("HL", len(program), ctypes.addressof(code))
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, argument)
        except OSError as error:
            logger.warning("no packet filter on the media port: %s", error.strerror)
            return False
        return True

    @property
    def dropped(self) -> int:
        """Datagrams the kernel dropped, filtered or without a place in the receive buffer; wraps at 2³²."""
        words = self._socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 4 * MEMINFO_WORDS)
        drops: int = struct.unpack(f"={MEMINFO_WORDS}I", words)[MEMINFO_DROPS]
        return drops

    def watch(self, strange: int, addresses: Iterable[bytes], seconds: float, now: float) -> None:
        """Raise the shield while strangers flood us, keep it to the peers' addresses, lower it when it is calm again.

        Args:
            strange: datagrams of nobody that came through so far.
            addresses: the raw ``sockaddr`` of every address where a peer of ours is.
            seconds: since the last call.
            now: monotonic seconds.
        """
        flooded, came = strange - self._strange, self.dropped - self._dropped & 0xFFFFFFFF
        self._strange, self._dropped = strange, self._dropped + came & 0xFFFFFFFF
        if flooded + came >= LOWER_AT * seconds:
            self._calm_since = now
        if not self.works or not (self.raised or flooded >= RAISE_AT * seconds):
            return
        known = frozenset(key for key in addresses if len(key) in (16, 28))
        if now - self._calm_since <= CALM_SECONDS and len(known) <= MAX_ADDRESSES:
            self._shut_out(known)
        elif self.raised:
            self.raised = not self._attach([*_assembled(_KINDS), PASS])

    def _shut_out(self, known: frozenset[bytes]) -> None:
        if self.raised and known == self._known:
            return
        self._known = known
        search = _search(sorted({self._hash.of(key) for key in known}))
        self.raised = self._attach([*_assembled(_KINDS), *self._hash.program(), *search]) or self.raised
