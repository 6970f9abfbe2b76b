"""The gate before the CRDT: reads an update of a page and lets through plain text in known fields, nothing else.

The format is the first one of Yjs (github.com/yjs/yjs, ``src/utils/encoding.js``): per client a run of structs from a
clock on, then what is deleted. Numbers are unsigned LEB128, strings are UTF-8 with their length in bytes before them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from conference.core.errors import BadRequest, ConferenceError

MAX_CLIENT = 2**53
MAX_CLOCK = 2**31
MAX_LENGTH = 1_000_000
MAX_PARTS = 20_000
"""Structs and deletions in one update."""
MAX_CLIENTS = 2_000

_GC, _DELETED, _STRING = 0, 1, 4
_HAS_ORIGIN, _HAS_RIGHT_ORIGIN, _HAS_PARENT_KEY, _CONTENT = 0x80, 0x40, 0x20, 0x1F

State = dict[int, int]
"""How many letters of each client are known: a state vector."""


class Malformed(BadRequest):
    """Bytes that are no update of plain text."""

    def __init__(self) -> None:
        super().__init__("Das ist keine gültige Änderung an der Tafel.", "board.malformed")


class Gap(ConferenceError):
    """An update that builds on letters which are not known here: the page has to send those first."""

    def __init__(self) -> None:
        super().__init__("board.gap", "Davor fehlt etwas. Die Tafel wird abgeglichen.")


@dataclass
class Change:
    """What an update touches.

    Attributes:
        runs: per client the clocks from which, and up to which, it brings letters.
        named: clocks that must be known for it, as ``(client, first clock after it)``.
    """

    runs: dict[int, tuple[int, int]] = field(default_factory=dict)
    named: set[tuple[int, int]] = field(default_factory=set)

    def check_known(self, state: Mapping[int, int]) -> None:
        """Raises Gap when the update builds on what `state` does not have."""
        if any(first > state.get(client, 0) for client, (first, _) in self.runs.items()):
            raise Gap()
        for client, end in self.named:
            if end > max(state.get(client, 0), self.runs.get(client, (0, 0))[1]):
                raise Gap()

    def arrived(self, state: Mapping[int, int]) -> bool:
        """Whether everything that it brings is in `state`."""
        return all(state.get(client, 0) >= end for client, (_, end) in self.runs.items())


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def number(self, most: int) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if value > most or shift > 63:
                raise Malformed()
            if byte < 0x80:
                return value
            shift += 7

    def byte(self) -> int:
        if self._at >= len(self._data):
            raise Malformed()
        self._at += 1
        return self._data[self._at - 1]

    def string(self) -> str:
        size = self.number(MAX_LENGTH)
        found = self._data[self._at : self._at + size]
        if len(found) != size:
            raise Malformed()
        self._at += size
        try:
            return found.decode()
        except UnicodeDecodeError as error:
            raise Malformed() from error

    def end(self) -> None:
        if self._at != len(self._data):
            raise Malformed()


def read_update(data: bytes, roots: Collection[str]) -> Change:
    """What an update touches.

    Args:
        roots: names of the texts that exist.

    Raises:
        Malformed: anything but plain text in these texts.
    """
    reader, change = _Reader(data), Change()
    parts = iter(range(MAX_PARTS))
    for _ in range(reader.number(MAX_CLIENTS)):
        _read_run(reader, change, roots, parts)
    for _ in range(reader.number(MAX_CLIENTS)):
        client = reader.number(MAX_CLIENT)
        for _ in range(reader.number(MAX_PARTS)):
            _count(parts)
            clock = reader.number(MAX_CLOCK)
            change.named.add((client, clock + reader.number(MAX_LENGTH)))
    reader.end()
    return change


def _read_run(reader: _Reader, change: Change, roots: Collection[str], parts: Iterator[int]) -> None:
    structs, client, clock = reader.number(MAX_PARTS), reader.number(MAX_CLIENT), reader.number(MAX_CLOCK)
    if client in change.runs or structs == 0:
        raise Malformed()
    first = clock
    for _ in range(structs):
        _count(parts)
        length = _read_struct(reader, change, roots)
        if not 0 < length <= MAX_LENGTH or clock + length > MAX_CLOCK:
            raise Malformed()
        clock += length
    change.runs[client] = first, clock


def _count(parts: Iterator[int]) -> None:
    if next(parts, None) is None:
        raise Malformed()


def _read_struct(reader: _Reader, change: Change, roots: Collection[str]) -> int:
    """The length of one struct in UTF-16 units."""
    info = reader.byte()
    if info == _GC:
        return reader.number(MAX_LENGTH)
    content = info & _CONTENT
    if content not in (_DELETED, _STRING) or info & _HAS_PARENT_KEY:
        raise Malformed()
    for flag in (_HAS_ORIGIN, _HAS_RIGHT_ORIGIN):
        if info & flag:
            client = reader.number(MAX_CLIENT)
            change.named.add((client, reader.number(MAX_CLOCK) + 1))
    if not info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN) and (reader.number(1) != 1 or reader.string() not in roots):
        raise Malformed()
    if content == _DELETED:
        return reader.number(MAX_LENGTH)
    return len(reader.string().encode("utf-16-le")) // 2


def read_state(data: bytes) -> State:
    """A state vector. Raises Malformed."""
    reader, state = _Reader(data), {}
    for _ in range(reader.number(MAX_CLIENTS)):
        client = reader.number(MAX_CLIENT)
        state[client] = reader.number(MAX_CLOCK)
    reader.end()
    return state
