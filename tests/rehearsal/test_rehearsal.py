"""The rehearsal lives through a day on a real server, with real sockets and media; and finds what is wrong."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conference.app import open_store
from conference.cli import main
from conference.config import Settings
from conference.core.errors import ConferenceError
from conference.rehearsal import processes, report
from conference.rehearsal.command import Display, said
from conference.rehearsal.day import Outcome, Progress, schedule
from conference.rehearsal.notes import Delays, Notes, percentile
from conference.rehearsal.plan import Plan, prepare
from conference.sessions.actions import agenda
from conference.sessions.model import Session, State

HEAD = """
conference: {key: probe, title: Probetag, host: Stelle, venue: Haus, timezone: Europe/Berlin, language: de,
  date: 2026-06-17, attendance_threshold: 80}
staff:
  - {name: Mo Derator, email: mo@example.org, role: moderator, organisation: Stelle}
  - {name: Or Ganiser, email: or@example.org, role: organiser, organisation: Stelle}
sessions:
  - {key: ankommen, kind: lobby, title: Ankommen, starts: "09:00", ends: "09:30"}
"""
STAGE = """
  - key: vortrag
    kind: live
    title: Vortrag
    starts: "09:30"
    ends: "10:30"
    moderators: [mo@example.org]
    parts:
      - {key: rede, title: Rede, format: talk,
         speakers: [{name: Ada Rede, role: Amt, email: ada@example.org, where: remote}]}
    polls:
      - {key: frage, question: "Was nun?", kind: multiple, max_choices: 2, options: [a, b, c]}
      - {key: wort, question: "Ein Wort?", kind: words, anonymous: true}
"""
END = """
  - key: schluss
    kind: feedback
    title: Rückmeldung
    starts: "10:30"
    ends: "11:00"
    rating: {question: "Wie war es?", from: 1, to: 10}
    aspects: [Inhalte]
"""
PEOPLE = "Vorname;Nachname;E-Mail\n" + "".join(f"Gast;{n};gast{n}@example.org\n" for n in range(4))


def imported(directory: Path, middle: str) -> Path:
    """A data directory with a short day and four people."""
    programme, people, data = directory / "day.yaml", directory / "people.csv", directory / "data"
    programme.write_text(HEAD + middle + END, "utf-8")
    people.write_text(PEOPLE, "utf-8")
    assert main(["--data", str(data), "import", str(programme), "--people", str(people)]) == 0
    return data


def state(data: Path) -> list[str]:
    """The database and the key, as digests."""
    return [hashlib.sha256((data / name).read_bytes()).hexdigest() for name in ("conference.db", "secret.key")]


def rehearsed(data: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Rehearse as quickly as the server's clock allows; the exit code and what was measured."""
    found = data.parent / "probe.json"
    words = ["--data", str(data), "rehearse", "--minutes", "0.05", "--quiet", "--json", str(found), *options]
    code = main(words)
    return code, json.loads(found.read_text("utf-8"))


def test_a_short_day_with_stage_polls_and_rating(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The host's own programme with two people more than it has: all is well, and nothing of it is changed."""
    data = imported(tmp_path, STAGE)
    before = state(data)
    code, found = rehearsed(data, "--people", "6", "--media", "3", "--media-workers", "1")
    said = capsys.readouterr().out
    assert [check for check in found["checks"] if not check["good"]] == []
    assert code == 0
    assert "Die Probe ist bestanden." in said
    assert (found["people"], found["watching"], found["refused"]) == (6, 3, [])
    assert found["media"]["packets"] > 100
    assert found["answers"]["direction.next"]["count"] >= 11
    assert found["facts"]["count"] > 100
    assert set(found["memory"]) == {"Server", "Medien 1"}
    assert state(data) == before
    assert processes.workers() == []


async def test_a_day_that_has_begun_is_not_rehearsed(tmp_path: Path) -> None:
    data = await asyncio.to_thread(imported, tmp_path, STAGE)
    settings = Settings(data=str(data))
    async with open_store(settings) as store, store.unit() as unit:
        await agenda.move(unit, "ankommen", State.LIVE)
    with pytest.raises(ConferenceError) as refused:
        await prepare(tmp_path / "probe", settings, None, 20.0, None)
    assert refused.value.code == "rehearsal.begun"


async def test_the_copy_is_shorter_and_its_key_another(tmp_path: Path) -> None:
    data = await asyncio.to_thread(imported, tmp_path, STAGE)
    plan = await prepare(tmp_path / "probe", Settings(data=str(data)), None, 20.0, None)
    assert plan.length == timedelta(hours=2) / 20
    assert plan.speakers["vortrag"] == {"ada@example.org"}
    assert plan.people == 4
    assert not (tmp_path / "probe" / "secret.key").exists() or (
        (tmp_path / "probe" / "secret.key").read_bytes() != (data / "secret.key").read_bytes()
    )


def test_without_a_programme_there_is_nothing_to_rehearse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "rehearse"]) == 1
    assert "noch kein Programm" in capsys.readouterr().err


def test_broken_off_it_reports_what_was_so_far(tmp_path: Path) -> None:
    """As by ^C in a terminal: the server ends, the report comes, the directory is gone."""
    data = imported(tmp_path, STAGE)
    command = [sys.executable, "-m", "conference.cli", "--data", str(data), "rehearse", "--media", "0"]
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environ, **pipes) as process:  # type: ignore[call-overload]
        for line in process.stderr:
            if " da · " in line and not line.strip().startswith("0 von"):
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Abgebrochen" in out
    assert list(tmp_path.glob("conference-probe-*")) == []


def test_cues_without_a_time_are_spread_between_those_with_one() -> None:
    at = datetime(2026, 6, 17, 8, tzinfo=UTC)
    stage = Session(
        1,
        "vortrag",
        "live",
        "",
        0,
        at,
        at + timedelta(minutes=10),
        False,
        State.PLANNED,
        None,
        0,
        at,
        {},
        (),
        frozenset(),
    )
    plan = Plan("", (stage,), {"vortrag": "live"}, {}, {}, "", (), 0, 1, 1.0)
    kinds = ["session.start", "part", "poll.open", "poll.show", "session.end"]
    cues = [{"key": kind, "kind": kind, "session": "vortrag"} for kind in kinds]
    due = schedule(plan, cues)
    assert [round(due[kind] - at.timestamp()) for kind in kinds] == [0, 150, 300, 450, 600]


def outcome(notes: Notes, **exports: Any) -> Outcome:
    """A day in which two rated and voted, as the exports have it."""
    at = datetime(2026, 6, 17, 8, tzinfo=UTC)
    session = Session(1, "tag", "live", "", 0, at, at, False, State.ENDED, None, 0, at, {}, (), frozenset())
    poll = {"session": "tag", "key": "p", "question": "?", "kind": "single", "scale_from": None}
    run = {"voted": 2, "counts": [1, 1], "words": None}
    rated = {"answered": 2, "mean": 7.5}
    people = [{"email": name, "visits": [1], "rooms": []} for name in ("a", "b")]
    found: dict[str, Any] = {
        "polls": [{**poll, "runs": [run]}],
        "feedback": [rated],
        "questions": [],
        "boards": [],
        "attendance": {"sessions": [{"key": "tag", "people": people}]},
        **exports,
    }
    plan = Plan("", (session,), {"tag": "live"}, {}, {}, "", (), 0, 2, 1.0)
    return Outcome(plan, notes, 1.0, people=2, exports=found)


def lived() -> Notes:
    """What those two did."""
    notes = Notes(ratings={"a": 7, "b": 8})
    notes.ballots["tag", "p"] = {"a": 0, "b": 1}
    notes.present["tag"] = {"a", "b"}
    return notes


def failed(found: Outcome) -> list[str]:
    return [check.text for check in report.checks(found) if not check.good]


def test_a_day_on_which_all_agrees_passes() -> None:
    assert failed(outcome(lived())) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda notes: notes.ballots["tag", "p"].update(c=0), "3 Stimmen abgegeben, 2 ausgezählt"),
        (lambda notes: notes.ballots["tag", "p"].update(a=1), "2 Stimmen abgegeben, 2 ausgezählt"),
        (lambda notes: notes.ratings.update(c=1), "3 abgegeben, 2 gezählt"),
        (lambda notes: notes.questions.add("k"), "1 gestellt, 0 in der Ausgabe"),
        (lambda notes: notes.present["tag"].add("c"), "Die Teilnahme stimmt nicht: tag"),
        (lambda notes: notes.present["tag"].clear(), "Nur 0 von"),
        (lambda notes: notes.refused.update([("poll.vote", "poll.closed", "Zu spät.")]), "Abgelehnt wurden 1"),
        (lambda notes: notes.broken.update(["Eine Verbindung ist abgerissen."]), "1 Ausfälle"),
        (lambda notes: notes.strayed.update(["das eigene"]), "Verirrt: das eigene"),
        (lambda notes: notes.expected.update({("tag", "p"): {"a"}}), "Ergebnis kam auf jeder Seite an (0 von 1)"),
    ],
)
def test_what_does_not_agree_is_found(spoil: Any, words: str) -> None:
    notes = lived()
    spoil(notes)
    assert any(words in text for text in failed(outcome(notes)))


def test_losses_missing_speakers_and_errors_are_found() -> None:
    found = outcome(lived())
    found.packets, found.lost, found.watching = 900, 100, 1
    found.on_stage, found.stage = [("tag", "rede", False)], [("tag", "rede", 2, 1)]
    found.errors, found.workers_kept = ["ValueError: x"], False
    words = " ".join(failed(found))
    for part in ("fehlten 100", "tag/rede", "(1 von 2)", "ValueError", "gestorben"):
        assert part in words


def test_delays_are_told_by_the_class_they_are_in() -> None:
    delays = Delays()
    for milliseconds in (1, 1, 1, 60, 7000):
        delays.add(milliseconds / 1000)
    assert (delays.within(50), delays.within(80), delays.within(100), delays.worst) == (0.005, 0.075, 7.0, 7.0)
    assert percentile([3, 1, 2], 50) == 2
    assert percentile([], 50) == 0


def test_the_display_tells_a_part_once_and_is_silent_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("Ankommen", here=3, invited=9, loss=0.0123)
    for quiet in (False, True):
        display = Display(sys.stderr, quiet=quiet)
        display.show(progress)
        display.show(progress)
        display.end()
    assert capsys.readouterr().err == said(progress) + "\n"
    assert "3 von 9 da" in said(progress)
    assert "Verlust 1,23 %" in said(progress)
