"""Calendar files (iCalendar, RFC 5545) that calendars can subscribe to.

Pure. The ``ics`` library writes the events; what it leaves out is done here: folding, DTSTAMP, SEQUENCE, a
stable UID, addresses as they are, no control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from ics import Calendar, Event
from ics.grammar.parse import ContentLine
from ics.utils import escape_string

FOLD_AT = 75  # octets of a line without its CRLF, RFC 5545 §3.1
REFRESH = "PT15M"  # how often subscribers should ask again: ISO 8601 duration

_PRODUCER = "-//conference//conference//DE"
# RFC 5545 §3.1: CONTROL is not allowed in values; C1 and the Unicode line separators confuse readers.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")


@dataclass(frozen=True)
class CalendarEntry:
    """One event in a calendar.

    Attributes:
        uid: stable for all versions of the event, unique in the world (RFC 5545 §3.8.4.7).
        sequence: from 0, higher with each change of the time (§3.8.7.4), so that a moved event moves.
        starts, ends: aware.
        url: where to go; kept as it is but for characters no address may hold.
        stamp: aware; when this version came about (DTSTAMP and LAST-MODIFIED).
        cancelled: the event stays in the file, marked as not taking place.
    """

    uid: str
    sequence: int
    title: str
    starts: datetime
    ends: datetime
    url: str
    location: str
    description: str
    stamp: datetime
    cancelled: bool = False


def write_calendar(name: str, entries: Iterable[CalendarEntry]) -> bytes:
    """A calendar of its own name with these events, in their order: UTF-8, CRLF, folded, METHOD:PUBLISH.

    Raises:
        ValueError: a naive time, an end before the beginning, a negative sequence number or an empty UID.
    """
    calendar = Calendar(creator=_PRODUCER)
    calendar.method, calendar.scale = "PUBLISH", "GREGORIAN"
    *head, end = str(calendar.serialize()).split("\r\n")
    title = escape_string(_clean(name))
    lines = [
        *head,
        f"NAME:{title}",  # RFC 7986 §5.1
        f"X-WR-CALNAME:{title}",  # the same for Apple, Google, Outlook
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",  # RFC 7986 §5.7
        f"X-PUBLISHED-TTL:{REFRESH}",  # the same for Outlook
    ]
    for entry in entries:
        lines += str(_event(entry).serialize()).split("\r\n")
    return b"".join(part + b"\r\n" for line in (*lines, end) for part in fold(line))


def _event(entry: CalendarEntry) -> Event:
    _check(entry)
    event = Event(
        name=_clean(entry.title),
        begin=entry.starts,
        end=entry.ends,
        uid=_one_line(entry.uid),
        description=_clean(entry.description),
        created=entry.stamp,
        last_modified=entry.stamp,
        location=_clean(entry.location),
        status="CANCELLED" if entry.cancelled else "CONFIRMED",
    )
    event.extra.append(ContentLine("SEQUENCE", value=str(entry.sequence)))
    if entry.url:
        # An address is no text (RFC 5545 §3.3.13): commas and semicolons stay, unlike what ics does to them.
        address = quote(_one_line(entry.url), safe="%:/?#[]@!$&'()*+,;=~")
        event.extra.append(ContentLine("URL", value=address))
    return event


def _check(entry: CalendarEntry) -> None:
    if any(instant.tzinfo is None for instant in (entry.starts, entry.ends, entry.stamp)):
        raise ValueError(f"{entry.uid!r} has a time without a zone")
    if entry.ends < entry.starts:
        raise ValueError(f"{entry.uid!r} ends before it starts")
    if entry.sequence < 0 or not _one_line(entry.uid):
        raise ValueError(f"{entry.uid!r}, {entry.sequence} does not identify a version of an event")


def _clean(text: str) -> str:
    """A text with LF as its only line break and no control characters; lone surrogates are replaced."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub("", _LINE_BREAK.sub("\n", text))


def _one_line(text: str) -> str:
    return _clean(text).replace("\n", "").replace("\t", "").strip()


def fold(line: str) -> Iterator[bytes]:
    """The parts of a content line, each at most 75 octets, every one but the first beginning with a space.

    RFC 5545 §3.1. A multi-octet UTF-8 sequence is never cut, though the standard would allow it: not every
    reader puts octets together before it decodes them.
    """
    rest = line.encode("utf-8")
    prefix = b""
    while len(prefix) + len(rest) > FOLD_AT:
        cut = FOLD_AT - len(prefix)
        while rest[cut] & 0xC0 == 0x80:  # the middle of a sequence
            cut -= 1
        yield prefix + rest[:cut]
        prefix, rest = b" ", rest[cut:]
    yield prefix + rest
