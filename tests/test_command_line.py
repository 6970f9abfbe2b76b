"""The command line: import, links, export, doctor, as an organiser types them, with what may go wrong."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conference.app import open_store
from conference.cli import main
from conference.config import Settings
from conference.demo import HERE as DEMO
from conference.sessions.actions import agenda
from conference.sessions.model import State
from tests.server import free_ports

PROGRAMME = DEMO / "kooperationskonferenz.yaml"
PEOPLE = DEMO / "people.csv"


class Shell:
    """A data directory, and commands on it."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self._capsys = capsys

    def run(self, *arguments: object) -> tuple[int, str, str]:
        """The exit code, what was said, what was complained of."""
        code = main(["--data", str(self.data), *map(str, arguments)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def links(self, *arguments: object) -> list[dict[str, Any]]:
        code, out, _ = self.run("links", "--format", "json", *arguments)
        assert code == 0
        found: list[dict[str, Any]] = json.loads(out)
        return found

    def take(self, programme: Path = PROGRAMME, people: Path | None = PEOPLE) -> tuple[int, str, str]:
        return self.run("import", programme, *(["--people", people] if people else []))


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path / "data", capsys)


def changed(tmp_path: Path, old: str, new: str, source: Path = PROGRAMME) -> Path:
    """A copy of a file with something replaced."""
    text = source.read_text("utf-8")
    assert old in text
    target = tmp_path / f"changed{source.suffix}"
    target.write_text(text.replace(old, new, 1), "utf-8")
    return target


def test_an_import_says_what_it_took_and_again_changes_nothing(shell: Shell) -> None:
    code, out, err = shell.take()
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "Programm: 6 neu, 0 geändert, 0 entfernt"
    assert re.fullmatch(r"Personen: \d+ neu, \d+ geändert, 0 unverändert", lines[1])
    before = shell.links()
    code, out, _ = shell.take()
    assert out.splitlines() == [
        "Programm: 0 neu, 0 geändert, 0 entfernt",
        "Personen: 0 neu, 0 geändert, 92 unverändert",
        "Links: 0 neu",
    ]
    assert shell.links() == before


def test_a_changed_programme_updates_and_keeps_links(shell: Shell, tmp_path: Path) -> None:
    shell.take()
    before = shell.links()
    code, out, _ = shell.take(changed(tmp_path, '"11:10"', '"11:09"'), None)
    assert (code, out.splitlines()[0]) == (0, "Programm: 0 neu, 1 geändert, 0 entfernt")
    people = changed(tmp_path, "Violetta", "Viola", PEOPLE)
    assert "Personen: 0 neu, 1 geändert, 91 unverändert" in shell.take(people=people)[1]
    after = shell.links()
    assert [link["url"] for link in after] == [link["url"] for link in before]
    assert {link["person"] for link in after} - {link["person"] for link in before} == {"Viola Kohl"}


def test_staff_and_speakers_in_the_list_of_people_are_one_person_each(shell: Shell, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(
        "Name;Mail\nOliver Lilie;Oliver.Lilie@example.org\nMichael Fleig;michael.fleig@example.org\n", "utf-8"
    )
    for said in ("Personen: 0 neu, 1 geändert, 1 unverändert", "Personen: 0 neu, 0 geändert, 2 unverändert"):
        assert said in shell.take(people=people)[1]
    roles = {(link["email"], link["session"]): link["role"] for link in shell.links()}
    assert [roles["oliver.lilie@example.org", session] for session in (None, "live-1", "feedback")] == ["moderator"] * 3
    fleig = [roles["michael.fleig@example.org", session] for session in (None, "live-1", "live-2")]
    assert fleig == ["speaker", "speaker", "participant"]


def test_refused_lines_are_named_and_the_others_taken(shell: Shell, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("Name,Mail\nAnna Arendt,anna@example.org\nNobody,\n\nBad,x@\nAnna A.,ANNA@example.org\n", "utf-8")
    code, out, _ = shell.take(people=people)
    assert code == 0
    assert "Personen: 1 neu, 0 geändert, 0 unverändert" in out
    refused = re.findall(r"Zeile (\d+) abgelehnt: (.+)", out)
    assert [line for line, _ in refused] == ["3", "5", "6"]
    assert all(reason for _, reason in refused)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"Haus;Hof\n1;2\n", b"PK\x03\x04broken"])
def test_people_that_cannot_be_understood_change_nothing(shell: Shell, tmp_path: Path, content: bytes) -> None:
    shell.take()
    before = shell.links()
    people = tmp_path / "people.xlsx" if content.startswith(b"PK") else tmp_path / "people.csv"
    people.write_bytes(content)
    code, out, err = shell.take(changed(tmp_path, "title: Ankommen", "title: Angekommen"), people)
    assert (code, out) == (1, "")
    assert err.strip()
    assert shell.links() == before
    assert "Programm: 0 neu, 0 geändert" in shell.take()[1]


def test_every_error_of_a_programme_is_named_at_once_with_its_place(shell: Shell, tmp_path: Path) -> None:
    text = PROGRAMME.read_text("utf-8")
    for old, new in (
        ("kind: lobby", "kind: party"),
        ("key: live-2", "key: live-1"),
        ('ends: "13:30"', 'ends: "12:00"'),
        ("moderators: [oliver.lilie@example.org]", "moderators: [nobody@example.org]"),
        ("key: aktiv-pause", "key: day"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    programme = tmp_path / "broken.yaml"
    programme.write_text(text, "utf-8")
    code, out, err = shell.take(programme)
    assert (code, out) == (1, "")
    for word in ("party", "live-1", "Das Ende liegt nicht nach dem Beginn", "nobody@example.org", "»day«"):
        assert word in err, err
    assert len(re.findall(r"Zeile \d+", err)) >= 5
    assert shell.run("links")[:2] == (0, "")


def test_another_conference_is_refused(shell: Shell, tmp_path: Path) -> None:
    shell.take()
    code, _, err = shell.take(changed(tmp_path, "key: kooperationskonferenz-8", "key: sommerfest"))
    assert code == 1
    assert ("kooperationskonferenz-8" in err, "sommerfest" in err, "--data" in err) == (True, True, True)


def test_a_session_that_vanishes_from_the_programme_goes_unless_something_happened_there(
    shell: Shell, tmp_path: Path
) -> None:
    shell.take()
    text = PROGRAMME.read_text("utf-8")
    pause, groups, second = (text.index(f"  - key: {key}") for key in ("aktiv-pause", "arbeitsgruppen", "live-2"))
    programme = tmp_path / "shorter.yaml"
    programme.write_text(text[:pause] + text[groups:], "utf-8")
    assert shell.take(programme)[1].splitlines()[0] == "Programm: 0 neu, 0 geändert, 1 entfernt"
    assert "aktiv-pause" not in {link["session"] for link in shell.links()}
    asyncio.run(_run_for_a_moment(shell.data, "arbeitsgruppen"))
    programme.write_text(text[:pause] + text[second:], "utf-8")
    said = shell.take(programme)[1].splitlines()
    assert said[:2] == ["Programm: 0 neu, 0 geändert, 0 entfernt", "  behalten, weil schon besucht: arbeitsgruppen"]


async def _run_for_a_moment(data: Path, key: str) -> None:
    async with open_store(Settings(data=str(data))) as store, store.unit() as unit:
        for state in (State.LIVE, State.BACKSTAGE, State.PLANNED):
            await agenda.move(unit, key, state)


def test_links_are_chosen_by_role_person_and_session(shell: Shell) -> None:
    shell.take()
    everything = shell.links()
    assert {tuple(link) for link in everything} == {("person", "email", "role", "session", "url")}
    assert len({link["url"] for link in everything}) == len(everything)
    speakers = shell.links("--role", "speaker", "--session", "live-1")
    assert sorted(link["email"] for link in speakers) == [
        "michael.fleig@example.org",
        "susanne.doerrwand@example.org",
        "susanne.wiedemeyer@example.org",
        "susi.moebbeck@example.org",
    ]
    mine = shell.links("--person", "Violetta.KOHL@example.org")
    assert len(mine) == 7
    assert {link["role"] for link in mine} == {"participant"}
    public = shell.links("--person", "violetta.kohl@example.org", "--public-url", "https://konferenz.example.org/")
    assert all(link["url"].startswith("https://konferenz.example.org/j/l-") for link in public)
    assert shell.links("--person", "nobody@example.org") == []


def test_a_table_of_links_runs_no_formulas(shell: Shell, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text('Vorname;Nachname;E-Mail\n"=1+1";X;evil@example.org\n', "utf-8")
    shell.take(people=people)
    _, out, _ = shell.run("links", "--format", "csv", "--person", "evil@example.org")
    assert {row["person"] for row in csv.DictReader(io.StringIO(out), delimiter=";")} == {"'=1+1 X"}
    assert shell.run("links", "--person", "evil@example.org")[1].count("/j/l-") == 7


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "missing.yaml"),
        ("export", "attendance", "--format", "csv"),
        ("serve", "--port", "99999"),
        ("serve", "--port", "0"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(shell: Shell, arguments: tuple[str, ...]) -> None:
    code, out, err = shell.run(*arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "Traceback" not in err


def test_an_export_that_cannot_be_written_is_said(shell: Shell) -> None:
    shell.take()
    code, _, err = shell.run("export", "polls", "--format", "json", "--output", "/nowhere/at/all.json")
    assert (code, "/nowhere/at/all.json" in err) == (1, True)


@pytest.mark.parametrize(
    "arguments", [(), ("dance",), ("export", "people", "--format", "csv"), ("links", "--role", "king")]
)
def test_what_does_not_exist_is_a_wrong_call(shell: Shell, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as left:
        shell.run(*arguments)
    assert left.value.code == 2


def test_the_doctor_says_what_would_go_wrong(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, _ = shell.run("doctor", "--port", port, "--media-port", "0")
    warned = [line for line in out.splitlines() if line.startswith("ACHTUNG")]
    assert code == 1
    assert any(str(port) in line for line in warned)
    assert len(out.splitlines()) == 10
    assert not shell.data.exists()
    code, out, _ = shell.run("doctor", "--port", "0", "--media-port", "0", "--public-url", "https://x.example/path")
    assert (code, "ohne Pfad" in out) == (1, True)
    nowhere = "n" * 64  # no name may be so long
    turn = ["--turn-urls", f"turn:{nowhere}:3478,turn:[::1]", "--turn-secret", "x"]
    code, out, _ = shell.run("doctor", "--port", "0", "--media-port", "0", *turn)
    assert (code, f"TURN: {nowhere} ist nicht zu finden" in out) == (1, True)
    code, out, _ = shell.run("doctor", "--port", "0", "--media-port", "0", "--turn-urls", "turn:[::1]:1", *turn[2:])
    assert "TURN: turn:[::1]:1" in out


def test_the_doctor_looks_at_the_port_of_every_media_worker(shell: Shell) -> None:
    first = free_ports(3)
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("0.0.0.0", first + 2))
            code, out, _ = shell.run("doctor", "--port", "0", "--media-port", first, "--media-workers", "3")
            found = [line for line in out.splitlines() if "Bild und Ton: " in line]
            assert [line.startswith("ACHTUNG") and f":{first + 2}:" in line for line in found] == [True], (code, out)
            _, out, _ = shell.run("doctor", "--port", "0", "--media-port", first, "--media-workers", "2")
            assert f"{first} bis {first + 1} frei" in out
    _, out, _ = shell.run("doctor", "--port", first + 1, "--media-port", first, "--media-workers", "2")
    assert f"wollen beide TCP-Port {first + 1}" in out


def test_an_export_goes_down_a_pipe(shell: Shell) -> None:
    shell.take()
    command = [sys.executable, "-m", "conference.cli", "--data", str(shell.data)]
    done = subprocess.run([*command, "export", "polls", "--format", "json"], capture_output=True, check=True)
    assert [poll["key"] for poll in json.loads(done.stdout)] == ["lage", "hebel", "ein-wort"]
    assert done.stderr == b""
