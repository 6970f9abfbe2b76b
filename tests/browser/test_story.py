"""From the import to the exports, with real browsers, and a server that dies during a poll."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.async_api import expect

from tests.browser.people import LAPTOP, PATIENCE, PHONE, PROJECTOR, Visitor, chromium, t, visitor
from tests.server import PEOPLE, Server, running

pytestmark = pytest.mark.browser

MODERATOR, SPEAKER, ORGANISER = "oliver.lilie@example.org", "michael.fleig@example.org", "organisation@example.org"
ANNA, BERND, CLARA = "violetta.kohl@example.org", "felix.groettner@example.org", "ildiko.beyer@example.org"
QUESTION = "Wie hat sich Ihr Bedarf an Fachkräften im letzten Jahr verändert?"
OPTIONS = ["stark gestiegen", "gestiegen", "gleich geblieben", "gesunken", "stark gesunken"]


async def test_a_conference_day(tmp_path: Path) -> None:
    """Import, links, backstage, live, poll, SIGKILL, poll goes on, exports cell by cell."""
    server = Server(tmp_path / "data")
    await server.import_day(people=None)
    async with running(server), chromium() as browser:
        organiser = await visitor(browser, "organiser", await server.link(ORGANISER))
        links = {email: await _import_and_copy_link(organiser, server, email) for email in (ANNA, BERND, CLARA)}

        moderator = await visitor(browser, "moderator", await server.link(MODERATOR, "live-1"))
        await moderator.page.goto(f"{server.url}/s/live-1/moderation")
        speaker = await visitor(browser, "speaker", await server.link(SPEAKER, "live-1"))
        await speaker.page.goto(f"{server.url}/s/live-1/backstage")
        anna = await visitor(browser, "anna", links[ANNA], size=LAPTOP)
        phone = await visitor(browser, "anna's phone", links[ANNA], size=PHONE)
        bernd = await visitor(browser, "bernd", links[BERND], dark=True)
        clara = await visitor(browser, "clara", links[CLARA], size=PHONE)
        hall = await visitor(browser, "hall", await server.link(None, "live-1"), size=PROJECTOR)
        everybody = [organiser, moderator, speaker, anna, phone, bernd, clara, hall]
        audience = [anna, phone, bernd, clara, hall]

        await _speaker_comes_on_stage(moderator, speaker)
        for person in (anna, phone, bernd, clara):
            await person.press("session.join")
        await moderator.press("move.backstage.live")
        for person in audience:
            await person.sees_pictures()
        await anna.hears()
        await bernd.sees("Dr. Michael Fleig")
        await phone.sees(t("session.devices"))

        await moderator.press_named(f"{t('polls.open')}: {QUESTION}")
        await _vote(anna, OPTIONS[0])
        await phone.sees(t("poll.voted"))

        await server.kill()
        await anna.sees(t("connection.reconnecting"))
        await server.start()
        for person in everybody[1:]:
            await person.is_connected()
        for person in audience:
            await person.sees_pictures()
        await anna.sees(t("poll.voted"))
        await _vote(bernd, OPTIONS[1])
        await _vote(clara, OPTIONS[1])

        await moderator.press_named(f"{t('polls.close')}: {QUESTION}")
        await expect(hall.page.locator(".tally")).to_have_count(0)
        await moderator.press_named(f"{t('polls.publish')}: {QUESTION}")
        await expect(hall.page.locator(".tally")).to_contain_text(OPTIONS[4], timeout=PATIENCE)
        await expect(anna.page.locator(".tally").first).to_contain_text(OPTIONS[4], timeout=PATIENCE)

        await _end(moderator, server, "live-1")
        await anna.sees(t("over.title"))
        exports = await _download(organiser, server, tmp_path)
        assert [problem for person in everybody for problem in person.problems] == []
    _check_polls(exports)
    _check_attendance(exports)


async def _import_and_copy_link(organiser: Visitor, server: Server, email: str) -> str:
    """What an organiser does: read the list in, find the person, take the link."""
    page = organiser.page
    await page.goto(f"{server.url}/organise/people")
    if not await page.get_by_text("violetta.kohl").count():
        await page.locator("input[type=file]").set_input_files(PEOPLE)
        await organiser.press("import.send")
        await organiser.sees(t("import.done"))
        await organiser.sees("92 neu")
    await page.goto(f"{server.url}/organise/people?q={email}")
    await page.get_by_role("link", name="", exact=False).filter(has_text=_name(email)).first.click()
    await expect(page.locator("[data-copy]").first).to_be_attached(timeout=PATIENCE)
    links = await page.locator("[data-copy]").evaluate_all("all => all.map(one => one.dataset.copy)")
    live = next(link for link in await server.links() if link["email"] == email and link["session"] == "live-1")
    assert live["url"] in links
    return str(live["url"])


def _name(email: str) -> str:
    return {ANNA: "Kohl", BERND: "Gröttner", CLARA: "Beyer"}[email]


async def _speaker_comes_on_stage(moderator: Visitor, speaker: Visitor) -> None:
    await moderator.press("move.planned.backstage", within=".run__item:has([aria-current])")
    await speaker.press("devices.start")
    await speaker.press("backstage.enter")
    await speaker.sees(t("backstage.waiting"))
    await moderator.press_named(f"{t('desk.bring_on')}: Dr. Michael Fleig")
    await speaker.sees(t("backstage.ready"))


async def _vote(person: Visitor, option: str) -> None:
    await person.page.get_by_label(option, exact=True).filter(visible=True).first.check(timeout=PATIENCE)
    await person.press("poll.vote")
    await person.sees(t("poll.voted"))


async def _end(moderator: Visitor, server: Server, session: str) -> None:
    await moderator.page.goto(f"{server.url}/s/{session}/moderation")
    await moderator.press("move.live.ended", within=".run__item:has([aria-current])")
    await moderator.page.get_by_role("dialog").get_by_role("button", name=t("move.live.ended")).click()
    await moderator.sees(t("state.ended"))


async def _download(organiser: Visitor, server: Server, directory: Path) -> dict[str, bytes]:
    await organiser.page.goto(f"{server.url}/organise")
    found = {}
    for what in ("attendance", "polls"):
        for form in ("csv", "xlsx", "json"):
            async with organiser.page.expect_download() as waiting:
                await organiser.page.locator(f"a[href*='/organise/export/{what}.{form}']").first.click()
            path = directory / f"{what}.{form}"
            await (await waiting.value).save_as(path)
            found[f"{what}.{form}"] = path.read_bytes()
    return found


# --- what the exports say, laid beside what happened ---------------------------------------------------------------


def _rows(data: bytes) -> list[dict[str, str]]:
    """A CSV as a German Excel opens it."""
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def _sheet(data: bytes, name: str) -> list[dict[str, Any]]:
    """A sheet of a workbook, with its header frozen and filtered."""
    sheet = openpyxl.load_workbook(io.BytesIO(data))[name]
    assert (sheet.freeze_panes, bool(sheet.auto_filter.ref)) == ("A2", True)
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def _check_polls(exports: dict[str, bytes]) -> None:
    votes = [1, 2, 0, 0, 0]
    [poll] = [poll for poll in json.loads(exports["polls.json"]) if poll["runs"]]
    [run] = poll["runs"]
    assert (poll["question"], run["run"], run["eligible"], run["voted"], run["counts"]) == (
        QUESTION,
        1,
        92 + 5 + 6,
        3,
        votes,
    )
    rows = _rows(exports["polls.csv"])
    assert [(r["Frage"], r["Antwort"], r["Stimmen"], r["Abgestimmt"]) for r in rows] == [
        (QUESTION, option, str(n), "3") for option, n in zip(OPTIONS, votes, strict=True)
    ]
    assert [r["Anteil in %"] for r in rows] == ["33,3", "66,7", "0,0", "0,0", "0,0"]
    sheet = _sheet(exports["polls.xlsx"], "Umfragen")
    assert [(r["Antwort"], r["Stimmen"]) for r in sheet] == list(zip(OPTIONS, votes, strict=True))


def _check_attendance(exports: dict[str, bytes]) -> None:
    report = json.loads(exports["attendance.json"])
    session = next(entry for entry in report["sessions"] if entry["key"] == "live-1")
    people = {person["email"]: person for person in session["people"]}
    rows = {r["E-Mail"]: r for r in _rows(exports["attendance.csv"]) if r["Veranstaltung"] == session["title"]}
    sheet = {
        r["E-Mail"]: r
        for r in _sheet(exports["attendance.xlsx"], "Teilnahme")
        if r["Veranstaltung"] == session["title"]
    }
    ran = [_interval(run) for run in session["ran"]]
    for email, devices in ((ANNA, 2), (BERND, 1), (CLARA, 1), (SPEAKER, 1)):
        person = people[email]
        visits = [
            _interval({**visit, "ended": visit["ended"] or session["ran"][-1]["ended"]}) for visit in person["visits"]
        ]
        assert len(visits) >= 2 * devices, email  # before the server was killed, and after it
        minutes = round(_seconds_inside(visits, ran) / 60, 1)
        assert abs(person["minutes"] - minutes) <= 0.1
        assert float(rows[email]["Minuten"].replace(",", ".")) == person["minutes"]
        assert rows[email]["Anteil in %"] == f"{person['percent']:.1f}".replace(".", ",")
        assert sheet[email]["Minuten"] == person["minutes"]
        assert round(sheet[email]["Anteil in %"] * 100, 1) == person["percent"]
        assert rows[email]["Teilgenommen"] == ("Ja" if person["percent"] >= 80 else "Nein")
        assert int(rows[email]["Verbindungen"]) == len(visits)
    absent = [person for email, person in people.items() if email not in (ANNA, BERND, CLARA, SPEAKER, MODERATOR)]
    assert {(person["minutes"], person["attended"]) for person in absent} == {(0.0, False)}


def _interval(entry: dict[str, str]) -> tuple[datetime, datetime]:
    began, ended = datetime.fromisoformat(entry["began"]), datetime.fromisoformat(entry["ended"])
    assert began.utcoffset() is not None
    assert began.utcoffset() == ended.utcoffset()
    return began, ended


def _seconds_inside(visits: list[tuple[datetime, datetime]], ran: list[tuple[datetime, datetime]]) -> int:
    """Counted second by second, so that it shares nothing with the program's own reckoning."""
    inside = {
        int(second)
        for began, ended in visits
        for second in range(int(began.timestamp()), int(ended.timestamp()))
        if any(a.timestamp() <= second < b.timestamp() for a, b in ran)
    }
    return len(inside)
