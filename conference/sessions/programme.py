"""The programme of a conference, as an organiser writes it down in YAML.

Pure. Everything is checked while reading, and all mistakes are named at once, each with its line and path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from itertools import chain
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

import yaml

from conference.core.errors import ConferenceError
from conference.core.facts import DAY
from conference.people.people_file import normal_email
from conference.sessions.marked_yaml import (
    MAX_KEY,
    Fields,
    Problem,
    Problems,
    compose,
    did_you_mean,
    line_of,
    shortened,
)
from conference.sheets.reading import TableUnreadable, decode_text

__all__ = [
    "ConferenceEntry",
    "PartEntry",
    "PollEntry",
    "Problem",
    "Programme",
    "ProgrammeErrors",
    "SessionEntry",
    "SpeakerEntry",
    "StaffEntry",
    "read_programme",
    "shift",
]

SessionKind = Literal["lobby", "live", "active_pause", "break", "breakouts", "feedback"]
PartFormat = Literal["discussion", "interview", "talk", "film", "boards"]
PollKind = Literal["single", "multiple", "scale", "words"]
StaffRole = Literal["moderator", "organiser", "production"]
Where = Literal["hall", "remote"]

SESSION_KINDS = ("lobby", "live", "active_pause", "break", "breakouts", "feedback")
PART_FORMATS = ("discussion", "interview", "talk", "film", "boards")
POLL_KINDS = ("single", "multiple", "scale", "words")
STAFF_ROLES = ("moderator", "organiser", "production")
PLACES = ("hall", "remote")
LANGUAGES = ("de", "en")
KIND_FIELDS = {  # what a kind of session has besides the fields all have
    "live": ("parts",),
    "active_pause": ("variants", "steps"),
    "breakouts": ("rooms", "board"),
    "feedback": ("rating", "aspects", "comment", "previous"),
}
VARIANTS = ("sitting", "standing")
FIGURES = ("shoulders", "look", "lean", "wrists", "breathe", "neck", "rise", "march", "twist", "stretch")

MAX_TITLE = 300
MAX_QUESTION = 500
MAX_OPTION = 200
MAX_NAME = 200
MAX_OFFICE = 500
MAX_OPTIONS = 20
MAX_ROOMS = 50
MAX_SESSIONS = 100
MAX_SCALE = 11


@dataclass(frozen=True)
class SpeakerEntry:
    """Somebody who is on stage in a part; the office as it is shown under the name."""

    name: str
    office: str
    email: str
    where: Where


@dataclass(frozen=True)
class PartEntry:
    """A part of a live session."""

    key: str
    title: str
    format: PartFormat
    speakers: tuple[SpeakerEntry, ...]


@dataclass(frozen=True)
class PollEntry:
    """A prepared poll.

    Attributes:
        options: 2–20 for ``single`` and ``multiple``, else none.
        max_choices: for ``multiple`` only; ``None`` is as many as there are options.
        scale_from: for ``scale`` only, 0 or 1.
        scale_to: for ``scale`` only, at most 11.
        revisable: whether one may change one's mind while it is open; never together with ``anonymous``.
    """

    key: str
    question: str
    kind: PollKind
    options: tuple[str, ...]
    max_choices: int | None
    scale_from: int | None
    scale_to: int | None
    anonymous: bool
    revisable: bool


@dataclass(frozen=True)
class SessionEntry:
    """An agenda item.

    Attributes:
        starts, ends: aware, UTC.
        moderators: e-mail addresses, all of them on the staff.
        extra: what its kind alone has, made of JSON's types only.
            ``active_pause``: ``variants`` (list of ``sitting``, ``standing``), ``steps`` (list of
            ``{title, seconds, <variant>: text}``, and ``figure`` where one is named).
            ``breakouts``: ``rooms`` (list of ``{key, title, capacity, moderators}``), ``board`` (list of
            headings).
            ``feedback``: ``rating`` (``{question, from, to}`` or null), ``aspects`` (list of texts),
            ``comment`` (question or ""), ``previous`` (``{label, mean, participants}`` or null).
            Others: empty.
    """

    key: str
    kind: SessionKind
    title: str
    starts: datetime
    ends: datetime
    record: bool
    moderators: tuple[str, ...]
    parts: tuple[PartEntry, ...]
    polls: tuple[PollEntry, ...]
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StaffEntry:
    """Somebody who runs the conference."""

    name: str
    email: str
    role: StaffRole
    organisation: str


@dataclass(frozen=True)
class ConferenceEntry:
    """The conference as a whole; ``attendance_threshold`` in per cent of a session's running time."""

    key: str
    title: str
    motto: str
    host: str
    venue: str
    timezone: str
    language: str
    date: date
    attendance_threshold: int


@dataclass(frozen=True)
class Programme:
    """A whole day that holds together: every key, e-mail address and time has been checked.

    Attributes:
        sessions: in the order of their beginnings.
        recordings: to be published: ``{"session": key, "part": key or None, "title": text}``.
    """

    conference: ConferenceEntry
    sessions: tuple[SessionEntry, ...]
    staff: tuple[StaffEntry, ...]
    recordings: tuple[dict[str, Any], ...]


class ProgrammeErrors(ConferenceError):
    """A programme that cannot be taken.

    Attributes:
        problems: all mistakes, in the order of the file.
        message: all of them, one a line.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = "einen Fehler" if len(problems) == 1 else f"{len(problems)} Fehler"
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__("programme.invalid", f"Das Programm hat {count}:\n{lines}")
        self.problems = problems


def read_programme(text: str | bytes) -> Programme:
    """Read a programme.

    Args:
        text: YAML, at most 1 MB; bytes may be UTF-8, UTF-16 with byte order mark, or Windows-1252.

    Raises:
        ProgrammeErrors: ``programme.invalid``, with every mistake in it.
    """
    problems = Problems()
    root = compose(_decoded(text, problems), problems)
    programme = _Reader(problems).programme(root) if root else None
    found = problems.sorted()
    if found or programme is None:
        raise ProgrammeErrors(found)
    return programme


def _decoded(text: str | bytes, problems: Problems) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return decode_text(text[: 4 * 1024 * 1024 + 4])  # enough for 1,048,576 characters to be too many
    except TableUnreadable:
        problems.add(1, "", "Die Datei ist keine Textdatei.")
        return "{}"


def shift(programme: Programme, starts_at: datetime) -> Programme:
    """The same day at another time: its first session starts at the given instant, all distances are kept.

    Raises:
        ValueError: the instant is naive.
    """
    if starts_at.tzinfo is None:
        raise ValueError("starts_at has no time zone")
    if not programme.sessions:
        return programme
    by = starts_at - min(session.starts for session in programme.sessions)
    sessions = tuple(replace(s, starts=s.starts + by, ends=s.ends + by) for s in programme.sessions)
    day = starts_at.astimezone(ZoneInfo(programme.conference.timezone)).date()
    return replace(programme, conference=replace(programme.conference, date=day), sessions=sessions)


class _Reader:
    """Reads one programme; remembers what must agree across it."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.zone = ZoneInfo("UTC")  # until it is known, and if it is wrong
        self.day = date(2000, 1, 1)
        self.staff_emails: set[str] = set()
        self.names: dict[str, str] = {}  # e-mail → name
        self.moderators: list[tuple[int, str, str]] = []  # line, path, e-mail
        self.timed: list[tuple[datetime, datetime, str, Fields]] = []  # sessions whose times are known

    def fields(self, node: yaml.Node, where: str, required: Sequence[str], optional: Sequence[str] = ()) -> Fields:
        return Fields.of(node, where, self.problems, required, optional)

    def programme(self, root: yaml.Node) -> Programme | None:
        top = self.fields(root, "", ("conference", "sessions"), ("staff", "recordings"))
        conference = self.conference(top.nodes["conference"]) if "conference" in top.nodes else None
        staff = [self.staff(where, node) for where, node in top.items("staff")]
        most = MAX_SESSIONS
        read = [self.session(where, node) for where, node in top.items("sessions", least=1, most=most)]
        sessions = [session for _, session in read]
        self._check_overlaps()
        self._check_distinct(((fields, session.key) for fields, session in read), "Den Schlüssel")
        self._check_moderators()
        recordings = [self.recording(where, node, sessions) for where, node in top.items("recordings")]
        if conference is None:
            return None
        in_order = tuple(sorted(sessions, key=lambda session: session.starts))
        return Programme(conference, in_order, tuple(staff), tuple(recordings))

    def conference(self, node: yaml.Node) -> ConferenceEntry:
        optional = ("motto", "venue", "timezone", "language", "attendance_threshold")
        fields = self.fields(node, "conference", ("key", "title", "host", "date"), optional)
        zone_name = fields.text("timezone", 100, "Europe/Berlin")
        zone = _zone(zone_name)
        self.zone = zone or self.zone
        if zone is None:
            fields.wrong("timezone", f"Die Zeitzone »{shortened(zone_name)}« gibt es nicht.")
        self.day = self._date(fields) or self.day
        return ConferenceEntry(
            key=fields.key(),
            title=fields.text("title", MAX_TITLE),
            motto=fields.optional_text("motto", MAX_TITLE),
            host=fields.text("host", MAX_TITLE),
            venue=fields.optional_text("venue", MAX_TITLE),
            timezone=zone_name,
            language=fields.choice("language", LANGUAGES, "de"),
            date=self.day,
            attendance_threshold=fields.integer("attendance_threshold", 80, 0, 100) or 0,
        )

    def staff(self, where: str, node: yaml.Node) -> StaffEntry:
        fields = self.fields(node, where, ("name", "email", "role"), ("organisation",))
        email = self.email(fields)
        if email in self.staff_emails:
            fields.wrong("email", f"{email} steht hier zum zweiten Mal.")
        if email:
            self.staff_emails.add(email)
        name = self.name(fields, email)
        role = cast(StaffRole, fields.choice("role", STAFF_ROLES))
        return StaffEntry(name, email, role, fields.optional_text("organisation", MAX_OFFICE))

    # --- sessions ---------------------------------------------------------------------------------

    def session(self, where: str, node: yaml.Node) -> tuple[Fields, SessionEntry]:
        fields = self.session_fields(where, node)
        kind = fields.choice("kind", SESSION_KINDS)
        key = fields.key()
        if key == DAY:
            fields.wrong("key", f"»{DAY}« heißt schon der ganze Tag.")
        starts, ends = self.times(fields, key)
        record = fields.flag("record")
        if record and kind not in ("live", ""):
            fields.wrong("record", "Aufgezeichnet werden nur Sessions der Art live.")
        return fields, SessionEntry(
            key=key,
            kind=cast(SessionKind, kind),
            title=fields.text("title", MAX_TITLE),
            starts=starts,
            ends=ends,
            record=record,
            moderators=self.emails(fields, "moderators"),
            parts=self.parts(fields),
            polls=self.polls(fields),
            extra=self.extra(kind, fields),
        )

    def session_fields(self, where: str, node: yaml.Node) -> Fields:
        """The fields of a session, without those that only other kinds have (if its kind is known)."""
        required = ("key", "kind", "title", "starts", "ends")
        optional = ("record", "moderators", "polls", *chain(*KIND_FIELDS.values()))
        fields = self.fields(node, where, required, optional)
        kind = _scalar(node, "kind")
        for other, names in KIND_FIELDS.items():
            for name in fields.nodes.keys() & set(names):
                if kind != other and kind in SESSION_KINDS:
                    fields.wrong(name, f"»{name}« gibt es nur bei Sessions der Art {other}.")
                    del fields.nodes[name]
        return fields

    def times(self, fields: Fields, key: str) -> tuple[datetime, datetime]:
        """Beginning and end; if one of them is wrong, the session is not compared with others."""
        starts, ends = self._instant(fields, "starts"), self._instant(fields, "ends")
        if not starts or not ends:
            return datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
        if ends <= starts:
            fields.wrong("ends", "Das Ende liegt nicht nach dem Beginn (alles spielt am selben Tag).")
        self.timed.append((starts, ends, key, fields))
        return starts, ends

    def extra(self, kind: str, fields: Fields) -> dict[str, Any]:
        """What this kind of session alone has."""
        match kind:
            case "active_pause":
                return self.active_pause(fields)
            case "breakouts":
                return self.breakouts(fields)
            case "feedback":
                return self.feedback(fields)
        return {}

    def parts(self, session: Fields) -> tuple[PartEntry, ...]:
        parts, keys = [], []
        for where, node in session.items("parts"):
            fields = self.fields(node, where, ("key", "title", "format"), ("speakers",))
            key = fields.key()
            keys.append((fields, key))
            title = fields.text("title", MAX_TITLE)
            form = cast(PartFormat, fields.choice("format", PART_FORMATS))
            parts.append(PartEntry(key, title, form, self.speakers(fields)))
        self._check_distinct(keys, "Den Schlüssel")
        return tuple(parts)

    def speakers(self, part: Fields) -> tuple[SpeakerEntry, ...]:
        speakers, emails = [], []
        for where, node in part.items("speakers"):
            fields = self.fields(node, where, ("name", "email", "where"), ("role",))
            email = self.email(fields)
            emails.append((fields, email))
            office = fields.optional_text("role", MAX_OFFICE)
            place = cast(Where, fields.choice("where", PLACES))
            speakers.append(SpeakerEntry(self.name(fields, email), office, email, place))
        self._check_distinct(emails, "Die Adresse", "email")
        return tuple(speakers)

    def active_pause(self, session: Fields) -> dict[str, Any]:
        chosen = session.texts("variants", 100, most=len(VARIANTS)) or VARIANTS
        variants = [variant for variant in chosen if variant in VARIANTS]
        for variant in chosen:
            if variant not in VARIANTS:
                hint = did_you_mean(variant, VARIANTS)
                session.wrong("variants", f"Die Variante »{shortened(variant)}« gibt es nicht.{hint}")
        steps = []
        for where, node in session.items("steps", most=100):
            fields = self.fields(node, where, ("title", "seconds", *variants), ("figure",))
            texts = {variant: fields.text(variant, MAX_QUESTION) for variant in variants}
            title, seconds = fields.text("title", MAX_TITLE), fields.integer("seconds", 0, 1, 3600)
            figure = {"figure": fields.choice("figure", FIGURES)} if fields.has("figure") else {}
            steps.append({"title": title, "seconds": seconds, **texts, **figure})
        return {"variants": variants, "steps": steps}

    def breakouts(self, session: Fields) -> dict[str, Any]:
        rooms, keys = [], []
        if not session.has("rooms"):
            session.wrong("rooms", "Es fehlt die Angabe »rooms«.")
        for where, node in session.items("rooms", least=1, most=MAX_ROOMS):
            fields = self.fields(node, where, ("key", "title", "capacity"), ("moderators",))
            room = {"key": fields.key(), "title": fields.text("title", MAX_TITLE)}
            keys.append((fields, room["key"]))
            capacity = fields.integer("capacity", 1, 1, 10_000)
            rooms.append({**room, "capacity": capacity, "moderators": [*self.emails(fields, "moderators")]})
        self._check_distinct(keys, "Den Schlüssel")
        return {"rooms": rooms, "board": [*session.texts("board", MAX_OPTION, most=MAX_OPTIONS)]}

    def feedback(self, session: Fields) -> dict[str, Any]:
        return {
            "rating": self.rating(session),
            "aspects": [*session.texts("aspects", MAX_OPTION, most=MAX_OPTIONS)],
            "comment": session.optional_text("comment", MAX_QUESTION),
            "previous": self.previous(session),
        }

    def rating(self, session: Fields) -> dict[str, Any] | None:
        if not session.has("rating"):
            return None
        fields = self.fields(session.nodes["rating"], session.path("rating"), ("question",), ("from", "to"))
        low, high = self._scale(fields, 1, 10)
        return {"question": fields.text("question", MAX_QUESTION), "from": low, "to": high}

    def previous(self, session: Fields) -> dict[str, Any] | None:
        """What to compare the rating with."""
        if not session.has("previous"):
            return None
        known = ("label", "mean", "participants")
        fields = self.fields(session.nodes["previous"], session.path("previous"), known)
        return {
            "label": fields.text("label", MAX_TITLE),
            "mean": fields.decimal("mean", 0.0, 0, MAX_SCALE),
            "participants": fields.integer("participants", 0, 0, 1_000_000),
        }

    # --- polls ------------------------------------------------------------------------------------

    def polls(self, session: Fields) -> tuple[PollEntry, ...]:
        polls, keys = [], []
        for where, node in session.items("polls"):
            fields, poll = self.poll(where, node)
            keys.append((fields, poll.key))
            polls.append(poll)
        self._check_distinct(keys, "Den Schlüssel")
        return tuple(polls)

    def poll(self, where: str, node: yaml.Node) -> tuple[Fields, PollEntry]:
        optional = ("options", "max_choices", "from", "to", "anonymous", "revisable")
        fields = self.fields(node, where, ("key", "question", "kind"), optional)
        kind = cast(PollKind, fields.choice("kind", POLL_KINDS))
        self._check_kind_of_poll(fields, kind)
        options = fields.texts("options", MAX_OPTION, most=MAX_OPTIONS)
        low, high = self._scale(fields, 1, 5) if kind == "scale" else (None, None)
        anonymous, revisable = fields.flag("anonymous"), fields.flag("revisable")
        if anonymous and revisable:
            fields.wrong("revisable", "Eine anonyme Abstimmung kann nicht änderbar sein.")
        return fields, PollEntry(
            key=fields.key(),
            question=fields.text("question", MAX_QUESTION),
            kind=kind,
            options=options,
            max_choices=self._max_choices(fields, kind, options),
            scale_from=low,
            scale_to=high,
            anonymous=anonymous,
            revisable=revisable,
        )

    def _check_kind_of_poll(self, fields: Fields, kind: str) -> None:
        """Fields that only some kinds have; options where options are needed."""
        has = {"options": ("single", "multiple"), "max_choices": ("multiple",)}
        has |= {"from": ("scale",), "to": ("scale",)}
        for name, kinds in has.items():
            if kind and fields.has(name) and kind not in kinds:
                fields.wrong(name, f"»{name}« gibt es nur bei Abstimmungen der Art {' und '.join(kinds)}.")
        if kind in has["options"]:
            count = len(fields.items("options", most=10_000))
            if count < 2:
                fields.wrong("options", f"Es braucht 2 bis {MAX_OPTIONS} Antworten zur Auswahl, hier: {count}.")

    def _max_choices(self, fields: Fields, kind: str, options: Sequence[str]) -> int | None:
        most = fields.integer("max_choices", None, 1, MAX_OPTIONS)
        if kind == "multiple" and most is not None and most > len(options) >= 2:
            fields.wrong("max_choices", f"Es gibt nur {len(options)} Antworten, nicht {most}.")
        return most

    def _scale(self, fields: Fields, low: int, high: int) -> tuple[int, int]:
        start = fields.integer("from", low, 0, 1)
        end = fields.integer("to", high, 1, MAX_SCALE)
        start, end = low if start is None else start, high if end is None else end
        if end <= start:
            fields.wrong("to", f"Die Skala endet bei {end} und beginnt erst bei {start}.")
        return start, end

    # --- recordings -------------------------------------------------------------------------------

    def recording(self, where: str, node: yaml.Node, sessions: Sequence[SessionEntry]) -> dict[str, Any]:
        fields = self.fields(node, where, ("session", "title"), ("part",))
        key, part = fields.text("session", MAX_KEY), fields.optional_text("part", MAX_KEY) or None
        parts = {session.key: [part.key for part in session.parts] for session in sessions}
        if key and key not in parts:
            fields.wrong("session", f"Die Session »{shortened(key)}« gibt es nicht.{did_you_mean(key, parts)}")
        elif key and part and part not in parts[key]:
            hint = did_you_mean(part, parts[key])
            fields.wrong("part", f"Den Teil »{shortened(part)}« gibt es in »{key}« nicht.{hint}")
        return {"session": key, "part": part, "title": fields.text("title", MAX_TITLE)}

    # --- people -----------------------------------------------------------------------------------

    def email(self, fields: Fields) -> str:
        text = fields.text("email", 1000)
        try:
            return normal_email(text) if text else ""
        except ValueError as error:
            fields.wrong("email", str(error))
            return ""

    def emails(self, fields: Fields, name: str) -> tuple[str, ...]:
        """Addresses of moderators, to be found on the staff later."""
        found = []
        for where, node in fields.items(name):
            if not isinstance(node, yaml.ScalarNode):
                self.problems.add(line_of(node), where, "Hier wird eine E-Mail-Adresse erwartet.")
                continue
            email = node.value.strip().lower()
            if email in found:
                self.problems.add(line_of(node), where, f"{shortened(email)} steht hier zum zweiten Mal.")
            found.append(email)
            self.moderators.append((line_of(node), where, email))
        return tuple(found)

    def name(self, fields: Fields, email: str) -> str:
        """A person's name; one address has one name throughout the programme."""
        name = fields.text("name", MAX_NAME)
        known = self.names.setdefault(email, name) if email and name else name
        if known != name:
            fields.wrong("name", f"{email} heißt an anderer Stelle »{shortened(known)}«.")
        return name

    # --- checks across ----------------------------------------------------------------------------

    def _check_distinct(self, keyed: Iterable[tuple[Fields, str]], what: str, name: str = "key") -> None:
        lines: dict[str, int] = {}
        for fields, key in keyed:
            if key and key in lines:
                fields.wrong(name, f"{what} »{shortened(key)}« gibt es schon in Zeile {lines[key]}.")
            lines.setdefault(key, fields.line)

    def _check_overlaps(self) -> None:
        last_end, last_key = datetime.min.replace(tzinfo=UTC), ""
        for starts, ends, key, fields in sorted(self.timed, key=lambda timed: timed[0]):
            if starts < last_end:
                fields.wrong("starts", f"Die Session beginnt, während »{shortened(last_key)}« noch läuft.")
            if ends > last_end:
                last_end, last_key = ends, key

    def _check_moderators(self) -> None:
        for line, where, email in self.moderators:
            if email not in self.staff_emails:
                hint = did_you_mean(email, self.staff_emails)
                self.problems.add(line, where, f"{shortened(email)} steht nicht unter »staff«.{hint}")

    # --- times ------------------------------------------------------------------------------------

    def _date(self, fields: Fields) -> date | None:
        text = fields.text("date", 100)
        if not text:
            return None
        try:
            if re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        fields.wrong("date", f"»{shortened(text)}« ist kein Datum der Form 2026-06-17.")
        return None

    def _instant(self, fields: Fields, name: str) -> datetime | None:
        """A clock time of the day as an instant; of an hour that comes twice in autumn, the first."""
        text = fields.text(name, 100)
        match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text)
        if text and (not match or int(match[1]) > 23 or int(match[2]) > 59):
            fields.wrong(name, f"»{shortened(text)}« ist keine Uhrzeit von 00:00 bis 23:59.")
            return None
        if not match:
            return None
        local = datetime.combine(self.day, time(int(match[1]), int(match[2])), self.zone)
        instant = local.astimezone(UTC)
        if instant.astimezone(self.zone).time() != local.time():
            fields.wrong(name, f"{text} Uhr gibt es an diesem Tag nicht: Die Uhr wird vorgestellt.")
            return None
        return instant


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # malformed, a directory, unknown
        return None


def _scalar(node: yaml.Node, name: str) -> str:
    """A scalar of a mapping, before the mapping is read in earnest."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == name and isinstance(value, yaml.ScalarNode):
                return str(value.value)
    return ""
