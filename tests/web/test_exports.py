"""Downloads hold what happened, cell by cell, in three formats."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from conference.cli import main
from conference.exporting import FORMATS, WHATS
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, Client, House, until

LIVE = "Live-Session 1: Auswirkungen der Corona-Pandemie auf die Fachkräftesicherung in Sachsen-Anhalt"
EVIL = '=HYPERLINK("https://evil.example";"Gewonnen")'


async def a_day(house: House) -> Client:
    """Anna comes online and in the hall, Bernd late, both vote and rate, somebody with an evil name is invited."""
    file = f"Vorname;Nachname;E-Mail;Organisation\r\n{_quoted(EVIL)};+49;evil@example.org;@SUM(A1)\r\n"
    async with await house.browser(ORGANISER) as browser:
        data = {"people": io.BytesIO(file.encode("cp1252"))}
        async with browser.post("/organise/people/import", data=data) as answer:
            assert answer.status == 200
    moderator, anna = await house.enter(MODERATOR, "live-1"), await house.enter(ANNA, "live-1")
    await anna.do("session.join", session="live-1")
    house.clock.turn(3600)  # ten o'clock
    await moderator.do("session.move", session="live-1", to="live")
    house.clock.turn(1800)
    bernd = await house.enter(BERND, "live-1")
    await bernd.do("session.join", session="live-1")
    ballot = {"session": "live-1", "poll": "lage", "run": 1}
    await moderator.do("poll.open", session="live-1", poll="lage")
    await anna.do("poll.vote", **ballot, choice=0)
    await bernd.do("poll.vote", **ballot, choice=4)
    house.clock.turn(60)
    await moderator.do("poll.close", session="live-1", poll="lage")
    await moderator.do("poll.publish", session="live-1", poll="lage")
    house.clock.turn(540)
    await anna.sio.disconnect()
    await until(lambda: len(house.hall.visits) == 2)
    house.clock.turn(600)
    await moderator.do("session.move", session="live-1", to="ended")
    await moderator.do("session.move", session="feedback", to="live")
    rate = {"session": "feedback", "aspects": None, "comment": None}
    await bernd.do("feedback.rate", **{**rate, "rating": 8, "aspects": {"Technik": 4}, "comment": "=1+1"})
    again = await house.enter(ANNA, "feedback")
    await again.do("feedback.rate", **rate, rating=9)
    return moderator


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


async def download(house: House, what: str, form: str) -> bytes:
    async with (
        await house.browser(ORGANISER) as browser,
        browser.get(f"/organise/export/{what}.{form}") as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="kooperationskonferenz-8-')
        assert answer.headers["Cache-Control"] == "no-store"
        return await answer.read()


def table(body: bytes) -> list[dict[str, str]]:
    text = body.decode("utf-8")
    assert text.startswith("\ufeff")
    assert "\r\n" in text
    return list(csv.DictReader(io.StringIO(text[1:]), delimiter=";"))


def sheets(body: bytes) -> dict[str, list[dict[str, Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(body))
    found = {}
    for sheet in book.worksheets:
        assert sheet.freeze_panes == "A2", sheet.title
        head, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(map(str, head), row, strict=True)) for row in rows]
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row), sheet.title
    return found


async def test_attendance_in_three_formats(house: House) -> None:
    await a_day(house)
    rows = [row for row in table(await download(house, "attendance", "csv")) if row["Veranstaltung"] == LIVE]
    by_mail = {row["E-Mail"]: row for row in rows}
    assert by_mail[ANNA] == {
        "Veranstaltung": LIVE,
        "Nachname": "Kohl",
        "Vorname": "Violetta",
        "E-Mail": ANNA,
        "Organisation": "Hochschule Musterstadt",
        "Rolle": "Teilnahme",
        "Ort": "online",
        "Von": "17.06.2026 10:00:00",
        "Bis": "17.06.2026 10:40:00",
        "Minuten": "40",
        "Anteil in %": "80,0",
        "Teilgenommen": "Ja",
        "Verbindungen": "1",
    }
    bernd = by_mail[BERND]
    shown = [bernd[name] for name in ("Von", "Bis", "Minuten", "Anteil in %", "Teilgenommen")]
    assert shown == ["17.06.2026 10:30:00", "17.06.2026 10:50:00", "20", "40,0", "Nein"]
    evil = by_mail["evil@example.org"]
    assert [evil[name] for name in ("Vorname", "Nachname", "Organisation")] == ["'" + EVIL, "'+49", "'@SUM(A1)"]
    assert sum(row["Minuten"] != "0" for row in rows) == 2

    book = sheets(await download(house, "attendance", "xlsx"))
    assert list(book)[:3] == ["Übersicht", "Teilnahme", "Verbindungen"]
    assert len(book) == 3 + 6
    [anna] = [row for row in book["Teilnahme"] if row["E-Mail"] == ANNA and row["Veranstaltung"] == LIVE]
    assert (anna["Von"], anna["Minuten"]) == (datetime(2026, 6, 17, 10, 0), 40)
    [live] = [row for row in book["Übersicht"] if row["Veranstaltung"] == LIVE]
    assert [live[name] for name in ("Minuten gelaufen", "Anwesend", "Teilgenommen")] == [50, 2, 1]
    assert [(row["E-Mail"], row["Minuten"]) for row in book["Verbindungen"]] == [(ANNA, 100), (BERND, 20)]

    report = json.loads(await download(house, "attendance", "json"))
    [live] = [session for session in report["sessions"] if session["key"] == "live-1"]
    assert live["ran"] == [{"began": "2026-06-17T10:00:00+02:00", "ended": "2026-06-17T10:50:00+02:00"}]
    [anna] = [person for person in live["people"] if person["email"] == ANNA]
    assert (anna["minutes"], anna["percent"], anna["attended"], anna["place"]) == (40.0, 80.0, True, "online")
    assert anna["visits"] == [
        {"source": "online", "room": "", "began": "2026-06-17T09:00:00+02:00", "ended": "2026-06-17T10:40:00+02:00"}
    ]
    [evil] = [person for person in live["people"] if person["email"] == "evil@example.org"]
    assert evil["name"] == f"{EVIL} +49"


async def test_polls_in_three_formats(house: House) -> None:
    await a_day(house)
    rows = table(await download(house, "polls", "csv"))
    names = ("Durchgang", "Geöffnet", "Geschlossen", "Anwesend", "Abgestimmt", "Antwort", "Stimmen", "Anteil in %")
    assert [[row[name] for name in names] for row in rows] == [
        ["1", "17.06.2026 10:30:00", "17.06.2026 10:31:00", "2", "2", answer, votes, share]
        for answer, votes, share in (
            ("stark gestiegen", "1", "50,0"),
            ("gestiegen", "0", "0,0"),
            ("gleich geblieben", "0", "0,0"),
            ("gesunken", "0", "0,0"),
            ("stark gesunken", "1", "50,0"),
        )
    ]
    book = sheets(await download(house, "polls", "xlsx"))
    assert list(book)[:2] == ["Übersicht", "Umfragen"]
    assert [(row["Antwort"], row["Stimmen"]) for row in book["Umfragen"]] == [
        (row["Antwort"], int(row["Stimmen"])) for row in rows
    ]
    polls = json.loads(await download(house, "polls", "json"))
    [lage] = [poll for poll in polls if poll["key"] == "lage"]
    [run] = lage["runs"]
    assert (run["counts"], run["voted"], run["published_at"]) == ([1, 0, 0, 0, 1], 2, "2026-06-17T10:31:00+02:00")
    text = json.dumps(polls)
    assert (ANNA in text, "Violetta" in text) == (False, False)


async def test_feedback_in_three_formats_without_names(house: House) -> None:
    await a_day(house)
    rows = table(await download(house, "feedback", "csv"))
    assert [(row["Bewertung"], row["Technik"], row["Anmerkung"]) for row in rows] == [
        ("9", "", ""),
        ("8", "4", "'=1+1"),
    ]
    book = sheets(await download(house, "feedback", "xlsx"))
    assert [row["Anzahl"] for row in book["Verteilung"]] == [0, 0, 0, 0, 0, 0, 0, 1, 1, 0]
    overview = {row["Kennzahl"]: row["Wert"] for row in book["Übersicht"]}
    assert (overview["Mittelwert"], overview["Zum Vergleich: 8. Kooperationskonferenz"]) == (8.5, 8.2)
    assert overview["Unterschied"] == 0.3
    [found] = json.loads(await download(house, "feedback", "json"))
    assert found["answers"] == [
        {"rating": 9, "aspects": {}, "comment": ""},
        {"rating": 8, "aspects": {"Technik": 4}, "comment": "=1+1"},
    ]
    for form in FORMATS:
        body = await download(house, "feedback", form)
        assert not any(name in body for name in (b"Kohl", b"Violetta", ANNA.encode()))


async def test_the_command_line_writes_the_same_files(house: House) -> None:
    moderator = await a_day(house)
    await moderator.do("session.move", session="feedback", to="ended")
    await house.hall.farewell()
    for what in WHATS:
        for form in ("csv", "json"):
            body = await download(house, what, form)
            assert await _export(house, what, form) == body, (what, form)


async def _export(house: House, what: str, form: str) -> bytes:
    target = house.data / f"out.{form}"
    arguments = ["--data", str(house.data), "export", what, "--format", form, "--output", str(target)]
    assert await asyncio.to_thread(main, arguments) == 0
    return target.read_bytes()


@pytest.mark.parametrize("path", ["/organise/export/attendance.pdf", "/organise/export/people.csv"])
async def test_there_are_no_other_downloads(house: House, path: str) -> None:
    async with await house.browser(ORGANISER) as browser, browser.get(path) as answer:
        assert answer.status == 404
