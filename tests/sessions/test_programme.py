"""Programmes as organisers write them, and every way to get them wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.sessions.programme import (
    PartEntry,
    PollEntry,
    Programme,
    ProgrammeErrors,
    SpeakerEntry,
    StaffEntry,
    read_programme,
    shift,
)

HEAD = """\
conference:
  key: tag
  title: Ein Tag
  host: Ein Amt
  date: 2026-06-17
staff:
  - {name: Mo Derator, email: mo@example.org, role: moderator, organisation: Amt}
sessions:
"""  # 8 lines, so sessions begin in line 9
LIVE = """\
  - key: eins
    kind: live
    title: Eins
    starts: "10:00"
    ends: "11:00"
"""


def demo() -> Programme:
    return read_programme(
        files("conference.demo").joinpath("kooperationskonferenz.yaml").read_text(encoding="utf-8")
    )


def read(sessions: str, head: str = HEAD, tail: str = "") -> Programme:
    return read_programme(head + sessions + tail)


def problems(text: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(ProgrammeErrors) as caught:
        read_programme(text)
    error = caught.value
    assert error.code == "programme.invalid"
    assert all(str(problem) in error.message for problem in error.problems)
    return [(problem.line, problem.where, problem.message) for problem in error.problems]


def wrong(more: str) -> list[tuple[int, str, str]]:
    """The problems of one live session with these lines added; they begin in line 14."""
    return problems(HEAD + LIVE + more)


def wrong_head(line: str, instead: str) -> list[tuple[int, str, str]]:
    assert line in HEAD
    return problems(HEAD.replace(line, instead) + LIVE)


def session(kind: str, more: str = "") -> str:
    return LIVE.replace("kind: live", f"kind: {kind}") + more


def test_the_demo_conference() -> None:
    programme = demo()
    assert [(s.key, s.kind) for s in programme.sessions] == [
        ("ankommen", "lobby"),
        ("live-1", "live"),
        ("aktiv-pause", "active_pause"),
        ("arbeitsgruppen", "breakouts"),
        ("live-2", "live"),
        ("feedback", "feedback"),
    ]
    live = programme.sessions[1]
    assert (live.starts, live.ends) == (
        datetime(2026, 6, 17, 8, 0, tzinfo=UTC),
        datetime(2026, 6, 17, 9, 10, tzinfo=UTC),
    )
    assert (live.record, live.moderators) == (True, ("oliver.lilie@example.org",))
    assert live.polls[1] == PollEntry(
        key="hebel",
        question="Welche Hebel sind für Ihre Region jetzt am wichtigsten?",
        kind="multiple",
        options=(
            "Ausbildung",
            "Weiterbildung",
            "Zuwanderung",
            "Vereinbarkeit von Familie und Beruf",
            "Rückkehrende",
            "Attraktivität als Arbeitgeber",
        ),
        max_choices=3,
        scale_from=None,
        scale_to=None,
        anonymous=False,
        revisable=False,
    )
    assert live.parts[1] == PartEntry(
        "interview",
        "Fachkräftesicherung während und nach der Corona-Pandemie aus Unternehmenssicht",
        "interview",
        (
            SpeakerEntry(
                "Dr. Michael Fleig",
                "Betriebsleiter der Sinarmas Cepsa Deutschland GmbH, Standort Genthin",
                "michael.fleig@example.org",
                "remote",
            ),
        ),
    )
    assert [room["key"] for room in programme.sessions[3].extra["rooms"]] == [
        "ag1",
        "ag2",
        "ag3",
        "ag4",
        "ag5",
    ]
    assert programme.sessions[5].extra == {
        "rating": {"question": "Wie hat Ihnen die Konferenz gefallen?", "from": 1, "to": 10},
        "aspects": ["Inhalte", "Technik", "Moderation", "Austausch"],
        "comment": "Was sollen wir beim nächsten Mal anders machen?",
        "previous": {"label": "8. Kooperationskonferenz", "mean": 8.2, "participants": 92},
    }
    assert programme.staff[0] == StaffEntry("Oliver Lilie", "oliver.lilie@example.org", "moderator", "FiF")
    assert (len(programme.staff), len(programme.recordings)) == (8, 3)
    assert programme.recordings[0] == {"session": "live-1", "part": "diskussion", "title": "Diskussion"}


def test_a_comma_in_braces_belongs_to_the_text() -> None:
    first, _, third = demo().sessions[1].parts[0].speakers
    assert first.office == (
        "Staatssekretärin im Ministerium für Arbeit, Soziales und Integration des Landes Sachsen-Anhalt"
    )
    assert third.office == (
        "Geschäftsführerin des Bereiches Handel, Dienstleistungen und Unternehmensförderung der IHK Magdeburg"
    )


def test_a_short_programme_and_its_defaults() -> None:
    programme = read(session("break"))
    conference = programme.conference
    assert (conference.timezone, conference.language, conference.attendance_threshold) == (
        "Europe/Berlin",
        "de",
        80,
    )
    assert (conference.motto, conference.venue, conference.date) == ("", "", date(2026, 6, 17))
    (only,) = programme.sessions
    assert (only.parts, only.polls, only.extra, only.record, only.moderators) == ((), (), {}, False, ())
    assert programme.recordings == ()


def test_sessions_come_in_the_order_of_the_day() -> None:
    late = LIVE.replace("eins", "zwei").replace("10:00", "11:30").replace("11:00", "12:00")
    assert [s.key for s in read(late + LIVE).sessions] == ["eins", "zwei"]


def test_times_need_no_quotation_marks_and_texts_are_taken_as_written() -> None:
    polls = "    polls: [{key: p, question: '2026?', kind: single, options: [Yes, No, 10:30, 1.50]}]\n"
    (only,) = read(LIVE.replace('"', "") + polls).sessions
    assert only.starts == datetime(2026, 6, 17, 8, tzinfo=UTC)
    assert only.polls[0].options == ("Yes", "No", "10:30", "1.50")


def test_scales() -> None:
    polls = "    polls:\n" + "".join(
        f"      - {{key: p{index}, question: Wie oft, kind: scale{more}}}\n"
        for index, more in enumerate(
            ("", ", from: 0, to: 10", ", from: 1, to: 11", ", to: 7, revisable: true")
        )
    )
    (only,) = read(LIVE + polls).sessions
    assert [(p.scale_from, p.scale_to, p.revisable) for p in only.polls] == [
        (1, 5, False),
        (0, 10, False),
        (1, 11, False),
        (1, 7, True),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    text = (HEAD + LIVE).replace("Ein Amt", "Büro für Größe")
    assert read_programme(text.encode(encoding)).conference.host == "Büro für Größe"


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "clock", "utc"),
    [
        ("2026-01-17", "10:00", datetime(2026, 1, 17, 9, tzinfo=UTC)),
        ("2026-03-29", "01:59", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29", "03:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-10-25", "02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25", "9:05", datetime(2026, 10, 25, 8, 5, tzinfo=UTC)),
    ],
)
def test_local_times_become_utc(day: str, clock: str, utc: datetime) -> None:
    text = (HEAD + LIVE).replace("2026-06-17", day).replace("10:00", clock)
    assert read_programme(text).sessions[0].starts == utc


def test_an_hour_that_is_skipped_in_spring_is_no_time() -> None:
    text = (HEAD + LIVE).replace("2026-06-17", "2026-03-29").replace("10:00", "02:30")
    assert problems(text) == [
        (12, "sessions[0].starts", "02:30 Uhr gibt es an diesem Tag nicht: Die Uhr wird vorgestellt.")
    ]


@pytest.mark.parametrize("clock", ["24:00", "10.30", "1030", "10:60", "10:5", "zehn", "-1:00", "10:00:00"])
def test_bad_clock_times(clock: str) -> None:
    assert problems(HEAD + LIVE.replace("11:00", clock)) == [
        (13, "sessions[0].ends", f"»{clock}« ist keine Uhrzeit von 00:00 bis 23:59.")
    ]


@pytest.mark.parametrize("clock", ["10:00", "09:00", "00:30"])
def test_the_end_comes_after_the_beginning(clock: str) -> None:
    message = "Das Ende liegt nicht nach dem Beginn (alles spielt am selben Tag)."
    assert problems(HEAD + LIVE.replace("11:00", clock)) == [(13, "sessions[0].ends", message)]


def test_sessions_do_not_overlap() -> None:
    second = LIVE.replace("eins", "zwei").replace("10:00", "10:15").replace("11:00", "10:20")
    third = LIVE.replace("eins", "drei").replace("10:00", "10:59").replace("11:00", "11:20")
    fourth = LIVE.replace("eins", "vier").replace("10:00", "11:20").replace("11:00", "11:30")
    message = "Die Session beginnt, während »eins« noch läuft."
    assert problems(HEAD + LIVE + second + third + fourth) == [
        (17, "sessions[1].starts", message),
        (22, "sessions[2].starts", message),
    ]


def test_shift_moves_the_whole_day() -> None:
    programme = demo()
    start = datetime(2031, 1, 2, 23, 30, tzinfo=UTC)
    moved = shift(programme, start)
    by = start - programme.sessions[0].starts
    assert moved.sessions[0].starts == start
    assert [s.ends - by for s in moved.sessions] == [s.ends for s in programme.sessions]
    assert moved.conference.date == date(2031, 1, 3)  # in Berlin
    assert shift(moved, programme.sessions[0].starts) == programme
    with pytest.raises(ValueError, match="time zone"):
        shift(programme, datetime(2031, 1, 1))


@given(st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC)))
def test_shifting_there_and_back_changes_nothing(start: datetime) -> None:
    programme = read(LIVE)
    there = shift(programme, start)
    assert there.sessions[0].ends - there.sessions[0].starts == timedelta(hours=1)
    assert there.conference.date == start.astimezone(ZoneInfo("Europe/Berlin")).date()
    assert shift(there, programme.sessions[0].starts) == programme


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "instead", "where", "message"),
    [
        ("  key: tag\n", "  key: Der Tag\n", "conference.key",
         "»Der Tag« darf nur aus a–z, 0–9 und Bindestrichen dazwischen bestehen."),
        ("  key: tag\n", "  key: -tag\n", "conference.key",
         "»-tag« darf nur aus a–z, 0–9 und Bindestrichen dazwischen bestehen."),
        ("  key: tag\n", "  key: " + "t" * 65 + "\n", "conference.key",
         "Der Text ist 65 Zeichen lang; erlaubt sind 64."),
        ("  key: tag\n", "  key:\n", "conference.key", "Hier fehlt der Text."),
        ("  key: tag\n", "  key: [tag]\n", "conference.key", "Hier wird ein Text erwartet."),
        ("  title: Ein Tag\n", "  title: " + "T" * 301 + "\n", "conference.title",
         "Der Text ist 301 Zeichen lang; erlaubt sind 300."),
        ("2026-06-17", "17.06.2026", "conference.date", "»17.06.2026« ist kein Datum der Form 2026-06-17."),
        ("2026-06-17", "2026-02-30", "conference.date", "»2026-02-30« ist kein Datum der Form 2026-06-17."),
        ("  host: Ein Amt\n", "  host: Ein Amt\n  timezone: Europe/Magdeburg\n", "conference.timezone",
         "Die Zeitzone »Europe/Magdeburg« gibt es nicht."),
        ("  host: Ein Amt\n", "  host: Ein Amt\n  timezone: ../../etc/passwd\n", "conference.timezone",
         "Die Zeitzone »../../etc/passwd« gibt es nicht."),
        ("  host: Ein Amt\n", "  host: Ein Amt\n  language: fr\n", "conference.language",
         "»fr« ist nicht vorgesehen; möglich: de, en."),
        ("  host: Ein Amt\n", "  host: Ein Amt\n  attendance_threshold: 101\n",
         "conference.attendance_threshold", "Hier wird eine ganze Zahl von 0 bis 100 erwartet."),
        ("  host: Ein Amt\n", "  host: Ein Amt\n  attendance_threshold: achtzig\n",
         "conference.attendance_threshold", "Hier wird eine ganze Zahl von 0 bis 100 erwartet."),
        ("  host: Ein Amt\n", "", "conference.host", "Es fehlt die Angabe »host«."),
        ("  host: Ein Amt\n", "  host: Ein Amt\n  titel: x\n", "conference.titel",
         "Die Angabe »titel« gibt es hier nicht. Meinten Sie »title«?"),
        ("  host: Ein Amt\n", "  host: Ein Amt\n  host: Noch eins\n", "conference.host",
         "Die Angabe »host« steht hier zum zweiten Mal."),
        ("role: moderator", "role: moderater", "staff[0].role",
         "»moderater« ist nicht vorgesehen; möglich: moderator, organiser, production. "
         "Meinten Sie »moderator«?"),
        ("email: mo@example.org", "email: mo", "staff[0].email", "»mo« ist keine E-Mail-Adresse."),
    ],
)  # fmt: skip
def test_mistakes_about_the_conference(line: str, instead: str, where: str, message: str) -> None:
    assert [(place, text) for _, place, text in wrong_head(line, instead)] == [(where, message)]


def poll(**fields: object) -> str:
    known = {"key": "p", "question": "'Wie?'", "kind": "single", "options": "[a, b]"} | fields
    written = ", ".join(f"{name}: {value}" for name, value in known.items() if value is not None)
    return f"    polls:\n      - {{{written}}}\n"


def part(more: str = "", key: str = "p") -> str:
    return f"      - {{key: {key}, title: P, format: talk{more}}}\n"


@pytest.mark.parametrize(
    ("more", "line", "where", "message"),
    [
        ("    ton: laut\n", 14, "ton", "Die Angabe »ton« gibt es hier nicht."),
        ("    rooms: []\n", 14, "rooms", "»rooms« gibt es nur bei Sessions der Art breakouts."),
        ("    record: vielleicht\n", 14, "record", "Hier wird true oder false erwartet."),
        ("    parts: keine\n", 14, "parts", "Hier wird eine Liste erwartet."),
        ("    moderators: [mo@example.org, mi@example.org]\n", 14, "moderators[1]",
         "mi@example.org steht nicht unter »staff«. Meinten Sie »mo@example.org«?"),
        ("    moderators: [mo@example.org, MO@example.org]\n", 14, "moderators[1]",
         "mo@example.org steht hier zum zweiten Mal."),
        ("    moderators: [{a: b}]\n", 14, "moderators[0]", "Hier wird eine E-Mail-Adresse erwartet."),
        ("    parts:\n" + part() + part(), 16, "parts[1].key",
         "Den Schlüssel »p« gibt es schon in Zeile 15."),
        ("    parts:\n" + part().replace("talk", "gespräch"), 15, "parts[0].format",
         "»gespräch« ist nicht vorgesehen; möglich: discussion, interview, talk, film, boards."),
        ("    parts:\n" + part(", speakers: [{name: A, email: a@example.org, where: halle}]"), 15,
         "parts[0].speakers[0].where",
         "»halle« ist nicht vorgesehen; möglich: hall, remote. Meinten Sie »hall«?"),
        ("    parts:\n" + part(", speakers: [{name: Moritz, email: mo@example.org, where: hall}]"), 15,
         "parts[0].speakers[0].name", "mo@example.org heißt an anderer Stelle »Mo Derator«."),
        (poll(kind="yesno"), 15, "polls[0].kind",
         "»yesno« ist nicht vorgesehen; möglich: single, multiple, scale, words."),
        (poll(options="[a]"), 15, "polls[0].options", "Es braucht 2 bis 20 Antworten zur Auswahl, hier: 1."),
        (poll(options=None), 15, "polls[0].options", "Es braucht 2 bis 20 Antworten zur Auswahl, hier: 0."),
        (poll(options="[" + ", ".join(f"o{i}" for i in range(21)) + "]"), 15, "polls[0].options",
         "Die Liste hat 21 Einträge; erlaubt sind höchstens 20."),
        (poll(options="[a, b, a]"), 15, "polls[0].options[2]", "»a« steht hier zum zweiten Mal."),
        (poll(options="[a, " + "b" * 201 + "]"), 15, "polls[0].options[1]",
         "Der Text ist 201 Zeichen lang; erlaubt sind 200."),
        (poll(question="Q" * 501), 15, "polls[0].question",
         "Der Text ist 501 Zeichen lang; erlaubt sind 500."),
        (poll(max_choices=1), 15, "polls[0].max_choices",
         "»max_choices« gibt es nur bei Abstimmungen der Art multiple."),
        (poll(kind="multiple", max_choices=3), 15, "polls[0].max_choices",
         "Es gibt nur 2 Antworten, nicht 3."),
        (poll(kind="multiple", max_choices=0), 15, "polls[0].max_choices",
         "Hier wird eine ganze Zahl von 1 bis 20 erwartet."),
        (poll(kind="words"), 15, "polls[0].options",
         "»options« gibt es nur bei Abstimmungen der Art single und multiple."),
        (poll(kind="scale", options=None, to=12), 15, "polls[0].to",
         "Hier wird eine ganze Zahl von 1 bis 11 erwartet."),
        (poll(kind="scale", options=None, to=1), 15, "polls[0].to",
         "Die Skala endet bei 1 und beginnt erst bei 1."),
        (poll(**{"from": 1}), 15, "polls[0].from", "»from« gibt es nur bei Abstimmungen der Art scale."),
        (poll(anonymous="true", revisable="true"), 15, "polls[0].revisable",
         "Eine anonyme Abstimmung kann nicht änderbar sein."),
        (poll(anonymus="true"), 15, "polls[0].anonymus",
         "Die Angabe »anonymus« gibt es hier nicht. Meinten Sie »anonymous«?"),
    ],
)  # fmt: skip
def test_mistakes_in_a_live_session(more: str, line: int, where: str, message: str) -> None:
    assert wrong(more) == [(line, f"sessions[0].{where}", message)]


def room(key: str = "ag1", capacity: object = 20, more: str = "") -> str:
    return f"      - {{key: {key}, title: AG, capacity: {capacity}{more}}}\n"


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (session("liv"), "kind",
         "»liv« ist nicht vorgesehen; möglich: lobby, live, active_pause, break, breakouts, feedback. "
         "Meinten Sie »live«?"),
        (session("lobby", "    record: true\n"), "record",
         "Aufgezeichnet werden nur Sessions der Art live."),
        (session("lobby", "    parts: []\n"), "parts", "»parts« gibt es nur bei Sessions der Art live."),
        (session("breakouts"), "rooms", "Es fehlt die Angabe »rooms«."),
        (session("breakouts", "    rooms: []\n"), "rooms",
         "Die Liste hat 0 Einträge; erlaubt sind 1 bis 50."),
        (session("breakouts", "    rooms:\n" + "".join(room(f"r{i}") for i in range(51))), "rooms",
         "Die Liste hat 51 Einträge; erlaubt sind 1 bis 50."),
        (session("breakouts", "    rooms:\n" + room(capacity=0)), "rooms[0].capacity",
         "Hier wird eine ganze Zahl von 1 bis 10000 erwartet."),
        (session("breakouts", "    rooms:\n" + room() + room()), "rooms[1].key",
         "Den Schlüssel »ag1« gibt es schon in Zeile 15."),
        (session("breakouts", "    rooms:\n" + room(more=", moderators: [x@example.org]")),
         "rooms[0].moderators[0]", "x@example.org steht nicht unter »staff«. Meinten Sie »mo@example.org«?"),
        (session("active_pause", "    variants: [sitting, lying]\n"), "variants",
         "Die Variante »lying« gibt es nicht."),
        (session("active_pause", "    steps: [{title: Atmen, seconds: 0, sitting: ein, standing: aus}]\n"),
         "steps[0].seconds", "Hier wird eine ganze Zahl von 1 bis 3600 erwartet."),
        (session("active_pause", "    steps: [{title: Atmen, seconds: 9, sitting: ein}]\n"),
         "steps[0].standing", "Es fehlt die Angabe »standing«."),
        (session("feedback", "    rating: {question: Wie, from: 2, to: 9}\n"), "rating.from",
         "Hier wird eine ganze Zahl von 0 bis 1 erwartet."),
        (session("feedback", "    previous: {label: Davor, mean: '8,2', participants: 92}\n"),
         "previous.mean", "Hier wird eine Zahl von 0 bis 11 erwartet, mit Dezimalpunkt."),
    ],
)  # fmt: skip
def test_mistakes_in_other_sessions(text: str, where: str, message: str) -> None:
    assert [(place, said) for _, place, said in problems(HEAD + text)] == [(f"sessions[0].{where}", message)]


def test_keys_of_sessions_are_distinct() -> None:
    second = LIVE.replace("10:00", "11:00").replace('ends: "11:00"', 'ends: "12:00"')
    assert problems(HEAD + LIVE + second) == [
        (14, "sessions[1].key", "Den Schlüssel »eins« gibt es schon in Zeile 9.")
    ]


def test_staff_is_named_once() -> None:
    head = HEAD.replace(
        "sessions:", "  - {name: Mo Derator, email: MO@example.org, role: organiser}\nsessions:"
    )
    assert problems(head + LIVE) == [(8, "staff[1].email", "mo@example.org steht hier zum zweiten Mal.")]


def test_recordings_name_what_there_is() -> None:
    parts = "    parts:\n" + part(key="vortrag")
    recordings = (
        "recordings:\n  - {session: eins, part: vortrag, title: A}\n  - {session: eins, title: B}\n"
        "  - {session: ein, title: C}\n  - {session: eins, part: vorträge, title: D}\n"
    )
    assert problems(HEAD + LIVE + parts + recordings) == [
        (19, "recordings[2].session", "Die Session »ein« gibt es nicht. Meinten Sie »eins«?"),
        (20, "recordings[3].part", "Den Teil »vorträge« gibt es in »eins« nicht. Meinten Sie »vortrag«?"),
    ]


def test_all_mistakes_are_named_at_once() -> None:
    text = (
        (HEAD + LIVE)
        .replace("2026-06-17", "morgen")
        .replace("kind: live", "kind: lvie")
        .replace("11:00", "?")
    )
    with pytest.raises(ProgrammeErrors) as caught:
        read_programme(text)
    assert caught.value.message == (
        "Das Programm hat 3 Fehler:\n"
        "  Zeile 5 (conference.date): »morgen« ist kein Datum der Form 2026-06-17.\n"
        "  Zeile 10 (sessions[0].kind): »lvie« ist nicht vorgesehen; möglich: lobby, live, active_pause, "
        "break, breakouts, feedback. Meinten Sie »live«?\n"
        "  Zeile 13 (sessions[0].ends): »?« ist keine Uhrzeit von 00:00 bis 23:59."
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "Die Datei ist leer."),
        (b"\x00\x01", 1, "Die Datei ist keine Textdatei."),
        ("a: b\n\tc: d\n", 2, "Eingerückt wird mit Leerzeichen, nicht mit Tabulatoren."),
        ("title: Live: Eins\n", 1, "Ein Doppelpunkt im Text verlangt Anführungszeichen um den Text."),
        ("a:\n  b: 1\n c: 2\n", 3, "Die Einrückung passt nicht zu den Zeilen darüber."),
        ('a: "offen\n', 2, "Ein Anführungszeichen oder eine Klammer ist nicht geschlossen."),
        ("a: [1, 2\nb: 3\n", 2, "Hier fehlt ein Komma oder die schließende Klammer."),
        ("a: {b: Wie?, c: 3}\n", 1, "Ein Fragezeichen in Klammern verlangt Anführungszeichen um den Text."),
        ("a: &x 1\nb: *x\n", 2, "Verweise (*name) sind hier nicht erlaubt; bitte ausschreiben."),
        ("a: 1\n---\nb: 2\n", 2, "Die Datei enthält mehrere Dokumente (---); erlaubt ist eines."),
        ("a: 1\nb: \x07\n", 2, "Hier steht ein Steuerzeichen, das in YAML nicht erlaubt ist."),
        ("[" * 100_000, 1, "Das ist zu tief verschachtelt."),
        ("- " * 1000, 1, "Das ist zu tief verschachtelt."),
        ("x" * (1024 * 1024 + 1), 1, "Die Datei ist größer als 1 MB."),
        ("- a\n", 1, "Hier werden Angaben der Form »name: wert« erwartet."),
    ],
)
def test_yaml_that_is_none(text: str | bytes, line: int, message: str) -> None:
    assert (line, message) in [(at, said) for at, _, said in problems(text)]


def test_a_flood_of_mistakes_is_bounded() -> None:
    assert len(problems("".join(f"k{index}: 1\n" for index in range(3000)))) == 500


@given(st.text(max_size=60), st.integers(0, len(HEAD + LIVE)))
def test_no_text_breaks_the_reader(noise: str, at: int) -> None:
    text = HEAD + LIVE
    try:
        read_programme(text[:at] + noise + text[at:])
    except ProgrammeErrors as error:
        assert error.problems  # noqa: PT017 - nothing else may be raised
