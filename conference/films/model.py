"""Films: what may be played, and where a film on stage stands."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from conference.core.clock import iso
from conference.core.errors import ConferenceError

LEAD = timedelta(seconds=3)
"""Between the press and the first picture: pages fetch the beginning, so that all begin together."""
SEEK_LEAD = timedelta(seconds=1)
LONGEST_MS = 6 * 3600 * 1000
LARGEST_BYTES = 8 * 1024**3
LARGEST_SUBTITLES = 1024 * 1024

TYPES = {"mp4": "video/mp4", "webm": "video/webm"}
_BRANDS = (b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash")
_MAGIC = 16
"""Bytes at the beginning that tell a file's kind."""
_PLAYABLE = {
    "mp4": ({"h264", "av1"}, {"aac", "mp3", "opus"}),
    "webm": ({"vp8", "vp9", "av1"}, {"opus", "vorbis"}),
}
"""Codecs of pictures and sound that every supported browser plays, by kind of file."""
_VTT = re.compile(r"\ufeff?WEBVTT([ \t].*)?(\r\n|\n|\r|$)")


def kind_of(beginning: bytes) -> str | None:
    """``mp4`` or ``webm`` by a file's first bytes (ISO/IEC 14496-12 section 4.3, RFC 8794 section 11.2), or None."""
    if beginning[4:8] == b"ftyp" and (beginning[8:12] in _BRANDS or beginning[12:16] in _BRANDS):
        return "mp4"
    return "webm" if beginning.startswith(b"\x1a\x45\xdf\xa3") else None


def check_beginning(beginning: bytes) -> str:
    """The kind of a file. Raises ConferenceError ``film.kind``."""
    kind = kind_of(beginning[:_MAGIC])
    if kind is None:
        raise ConferenceError("film.kind", "Das ist kein Film im Format MP4 oder WebM.")
    return kind


@dataclass(frozen=True)
class Streams:
    """What is in a film: its length in milliseconds, the codecs of its first picture and sound ("" without)."""

    duration: int
    video: str
    audio: str


def check_streams(kind: str, found: Streams) -> None:
    """Raise ConferenceError ``film.codec`` or ``film.length`` for what not every browser plays."""
    pictures, sounds = _PLAYABLE[kind]
    strange = [name for name, known in ((found.video, pictures), (found.audio, sounds)) if name and name not in known]
    if strange or not found.video:
        what = ", ".join(strange) or "kein Bild"
        raise ConferenceError(
            "film.codec", f"Diesen Film zeigen nicht alle Browser ({what}). Bitte als MP4 mit H.264 und AAC ausgeben."
        )
    if not 0 < found.duration <= LONGEST_MS:
        raise ConferenceError("film.length", "Die Länge dieses Films ist nicht zu erkennen, oder er ist zu lang.")


def check_subtitles(text: bytes) -> None:
    """Raise ConferenceError ``film.subtitles`` for what is no WebVTT file (W3C WebVTT section 4.1)."""
    try:
        fits = _VTT.match(text.decode("utf-8")) is not None
    except UnicodeDecodeError:
        fits = False
    if not fits:
        raise ConferenceError("film.subtitles", "Das sind keine Untertitel im Format WebVTT (UTF-8).")


@dataclass(frozen=True)
class Screening:
    """A film on stage.

    Attributes:
        started_at: when it goes, or went, on from `position`; None while it is paused.
        position: milliseconds of the film at `started_at`, or where it is paused.
        duration: milliseconds.
    """

    part: str
    title: str
    key: str
    media_type: str
    subtitles: bool
    duration: int
    started_at: datetime | None
    position: int

    def at(self, now: datetime) -> int:
        """Where it stands, in milliseconds. Mirrored in ``static/js/state/films.js``."""
        if self.started_at is None:
            return self.position
        gone = max(timedelta(0), now - self.started_at) // timedelta(milliseconds=1)
        return min(self.position + gone, self.duration)

    @property
    def ends_at(self) -> datetime | None:
        """When it is over; None while it is paused."""
        if self.started_at is None:
            return None
        return self.started_at + timedelta(milliseconds=self.duration - self.position)

    def over(self, now: datetime) -> bool:
        """Whether it has run to its end."""
        return self.ends_at is not None and self.ends_at <= now

    def pause(self, now: datetime) -> Screening:
        """Stop where it is."""
        return replace(self, started_at=None, position=self.at(now))

    def resume(self, now: datetime) -> Screening:
        """Go on."""
        return self if self.started_at else replace(self, started_at=_whole(now))

    def seek(self, now: datetime, position: int) -> Screening:
        """Go to a position in milliseconds; one that plays plays on from there."""
        at = min(max(position, 0), self.duration)
        return replace(self, position=at, started_at=_whole(now + SEEK_LEAD) if self.started_at else None)

    def as_dict(self) -> dict[str, Any]:
        """As pages get it (FILM of the protocol)."""
        return {
            "part": self.part,
            "title": self.title,
            "key": self.key,
            "type": self.media_type,
            "subtitles": self.subtitles,
            "duration": self.duration,
            "started_at": iso(self.started_at),
            "position": self.position,
        }


def begin(now: datetime) -> datetime:
    """When a film that is started now shows its first picture."""
    return _whole(now + LEAD)


def _whole(instant: datetime) -> datetime:
    """Pages are told milliseconds."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def check_part(part: str, films: Collection[str]) -> None:
    """Raise ConferenceError ``film.part`` unless this part of the programme is a film."""
    if part not in films:
        raise ConferenceError("film.part", "Dieser Teil des Programms ist kein Film.")
