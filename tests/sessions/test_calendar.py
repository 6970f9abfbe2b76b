"""Calendar files, proven by a second parser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.sessions.calendar import CalendarEntry, fold, write_calendar

START = datetime(2026, 6, 17, 8, 0, tzinfo=UTC)
STAMP = datetime(2026, 5, 1, 12, 30, 15, tzinfo=UTC)


def entry(**changes: object) -> CalendarEntry:
    fields: dict[str, object] = {
        "uid": "live-1.kooperationskonferenz-8@konferenz.example.org",
        "sequence": 3,
        "title": "Live-Session 1: Fachkräfte, Löhne; und \\ mehr",
        "starts": START,
        "ends": START + timedelta(minutes=70),
        "url": "https://konferenz.example.org/j/abc-DEF_1?x=1,2;3&y=ä",
        "location": "Tessenow Loft, Magdeburg",
        "description": "Ihr Link:\nhttps://konferenz.example.org/j/abc",
        "stamp": STAMP,
    }
    return CalendarEntry(**{**fields, **changes})  # type: ignore[arg-type]


def parsed(data: bytes) -> icalendar.Calendar:
    calendar = icalendar.Calendar.from_ical(data)
    assert isinstance(calendar, icalendar.Calendar)
    return calendar


def event_of(written: CalendarEntry) -> icalendar.Event:
    (event,) = parsed(write_calendar("Konferenz", [written])).walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    assert event.errors == []
    return event


def test_what_is_written_is_read() -> None:
    event = event_of(entry())
    assert {name: event.decoded(name) for name in ("DTSTART", "DTEND", "DTSTAMP", "LAST-MODIFIED")} == {
        "DTSTART": START,
        "DTEND": START + timedelta(minutes=70),
        "DTSTAMP": STAMP,
        "LAST-MODIFIED": STAMP,
    }
    assert {
        name: str(event[name]) for name in ("UID", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "URL")
    } == {
        "UID": "live-1.kooperationskonferenz-8@konferenz.example.org",
        "SUMMARY": "Live-Session 1: Fachkräfte, Löhne; und \\ mehr",
        "LOCATION": "Tessenow Loft, Magdeburg",
        "DESCRIPTION": "Ihr Link:\nhttps://konferenz.example.org/j/abc",
        "STATUS": "CONFIRMED",
        "URL": "https://konferenz.example.org/j/abc-DEF_1?x=1,2;3&y=%C3%A4",
    }
    assert event["SEQUENCE"] == 3


def test_the_calendar_introduces_itself() -> None:
    lines = write_calendar("8. Kooperationskonferenz, Tag", []).decode().split("\r\n")
    assert lines == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//conference//conference//DE",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "NAME:8. Kooperationskonferenz\\, Tag",
        "X-WR-CALNAME:8. Kooperationskonferenz\\, Tag",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
        "END:VCALENDAR",
        "",
    ]


def test_times_are_written_in_utc_whatever_their_zone() -> None:
    berlin = START.astimezone(ZoneInfo("Europe/Berlin"))
    assert write_calendar("K", [entry(starts=berlin)]) == write_calendar("K", [entry()])


def test_events_keep_their_order_and_the_file_is_the_same_each_time() -> None:
    entries = [entry(uid=f"{index}@example.org") for index in (3, 1, 2)]
    data = write_calendar("K", entries)
    assert data == write_calendar("K", entries)
    assert [str(event["UID"]) for event in parsed(data).walk("VEVENT")] == [e.uid for e in entries]


def test_a_moved_event_stays_the_same_event() -> None:
    before = event_of(entry())
    after = event_of(entry(sequence=4, starts=START + timedelta(minutes=5)))
    assert (before["UID"], before["SEQUENCE"], after["SEQUENCE"]) == (after["UID"], 3, 4)


def test_a_cancelled_event_says_so() -> None:
    assert str(event_of(entry(cancelled=True))["STATUS"]) == "CANCELLED"


@pytest.mark.parametrize("field", ["uid", "title", "url", "location", "description"])
@pytest.mark.parametrize("line_break", ["\r\n", "\r", "\n", "\u2028", "\x85", "\x0b"])
def test_no_value_can_begin_a_line_of_its_own(field: str, line_break: str) -> None:
    data = write_calendar("K", [entry(**{field: f"a{line_break}ATTACH:x"})])
    unfolded = data.decode().replace("\r\n ", "")
    assert not any(line.startswith("ATTACH") for line in unfolded.splitlines())
    assert "\r" not in unfolded.replace("\r\n", "")
    assert "\n" not in unfolded.replace("\r\n", "")


def test_the_name_cannot_begin_a_line_of_its_own() -> None:
    assert parsed(write_calendar("K\r\nMETHOD:CANCEL", []))["METHOD"] == "PUBLISH"


@pytest.mark.parametrize(
    "changes",
    [
        {"starts": START.replace(tzinfo=None)},
        {"stamp": STAMP.replace(tzinfo=None)},
        {"ends": START - timedelta(seconds=1)},
        {"sequence": -1},
        {"uid": " \r\n"},
    ],
)
def test_entries_that_make_no_event(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"zone|ends|identify"):
        write_calendar("K", [entry(**changes)])


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=300)


@given(texts)
def test_folding_can_be_undone(line: str) -> None:
    parts = list(fold(line))
    assert all(len(part) <= 75 for part in parts)
    assert all(part.startswith(b" ") for part in parts[1:])
    assert "".join(part.decode() for part in [parts[0], *(p[1:] for p in parts[1:])]) == line


def test_a_line_of_75_octets_is_not_folded() -> None:
    assert list(fold("x" * 75)) == [b"x" * 75]
    assert list(fold("x" * 76)) == [b"x" * 75, b" x"]
    assert list(fold("x" * 74 + "ä")) == [b"x" * 74, " ä".encode()]


readable = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=200)


@given(readable, readable)
def test_any_text_survives(title: str, description: str) -> None:
    event = event_of(entry(title=title, description=f"{description}\n{title}"))
    assert (str(event["SUMMARY"]), str(event["DESCRIPTION"])) == (title, f"{description}\n{title}")


@given(st.text(max_size=100))
def test_lines_are_short_and_end_with_crlf(text: str) -> None:
    data = write_calendar(text, [entry(title=text, description=text, location=text)])
    assert data.endswith(b"\r\n")
    assert all(len(line) <= 75 and b"\r" not in line for line in data.split(b"\r\n"))
    parsed(data)
