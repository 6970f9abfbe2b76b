"""Where a film stands: by the clock, whatever was pressed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.core.errors import ConferenceError
from conference.films.model import LEAD, Screening, Streams, begin, check_streams, check_subtitles, kind_of

NOON = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)
LENGTH = 60_000


def film(position: int = 0, started: datetime | None = NOON) -> Screening:
    return Screening("film", "Ein Film", "k" * 32, "video/mp4", False, LENGTH, started, position)


def after(milliseconds: int) -> datetime:
    return NOON + timedelta(milliseconds=milliseconds)


def test_it_stands_at_its_beginning_until_all_begin() -> None:
    assert begin(NOON) == NOON + LEAD
    shown = film(started=begin(NOON))
    assert [shown.at(after(ms)) for ms in (0, 2999, 3000, 3500)] == [0, 0, 0, 500]
    assert shown.ends_at == NOON + LEAD + timedelta(milliseconds=LENGTH)


def test_it_stops_at_its_end() -> None:
    assert film().at(after(LENGTH + 5000)) == LENGTH
    assert [film().over(after(ms)) for ms in (LENGTH - 1, LENGTH)] == [False, True]
    assert not film(started=None, position=LENGTH).over(after(10 * LENGTH)), "what stands never ends"


STEPS = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "seek"]), st.integers(0, 20_000), st.integers(-5, LENGTH + 5)),
    max_size=12,
)


@given(steps=STEPS)
def test_it_never_leaves_its_length_and_never_runs_backwards_by_itself(steps: list[tuple[str, int, int]]) -> None:
    shown, now = film(started=begin(NOON)), NOON
    for what, waited, position in steps:
        before = shown.at(now)
        now += timedelta(milliseconds=waited)
        assert before <= shown.at(now) <= before + waited
        match what:
            case "pause":
                at = shown.at(now)
                shown = shown.pause(now)
                assert (shown.at(now), shown.at(now + timedelta(hours=1))) == (at, at)
            case "resume":
                assert shown.resume(now).at(now) == shown.at(now)
                shown = shown.resume(now)
            case _:
                shown = shown.seek(now, position)
                assert shown.at(now) == min(max(position, 0), LENGTH)
        assert 0 <= shown.at(now) <= LENGTH


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", "mp4"),
        (b"\x00\x00\x00\x1cftypM4V \x00\x00\x00\x01", "mp4"),
        (b"\x00\x00\x00\x18ftypqt  \x00\x00\x00\x00", None),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", "webm"),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_kind(beginning: bytes, kind: str | None) -> None:
    assert kind_of(beginning) == kind


@pytest.mark.parametrize(
    ("kind", "streams", "code"),
    [
        ("mp4", Streams(1000, "hevc", "aac"), "film.codec"),
        ("mp4", Streams(1000, "", "aac"), "film.codec"),
        ("webm", Streams(1000, "h264", "opus"), "film.codec"),
        ("mp4", Streams(0, "h264", "aac"), "film.length"),
    ],
)
def test_what_not_every_browser_plays_is_refused(kind: str, streams: Streams, code: str) -> None:
    with pytest.raises(ConferenceError) as refused:
        check_streams(kind, streams)
    assert refused.value.code == code


@pytest.mark.parametrize("text", [b"WEBVTT\n\n", b"\xef\xbb\xbfWEBVTT - Deutsch\r\n\r\n", b"WEBVTT"])
def test_subtitles_are_known_by_their_first_line(text: bytes) -> None:
    check_subtitles(text)


@pytest.mark.parametrize("text", [b"", b"1\n00:00:01,000 --> 00:00:02,000\nJa", b"WEBVTT\xff", b"WEBVTTX\n"])
def test_other_texts_are_no_subtitles(text: bytes) -> None:
    with pytest.raises(ConferenceError):
        check_subtitles(text)
