"""The log of the day: what was done with the day, by whom and when, read from the facts. Nothing of votes or wishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.core.clock import iso
from conference.core.facts import DAY, LOGGED
from conference.people.tables import PersonRow
from conference.polls.tables import PollRow
from conference.sessions.tables import PartRow, SessionRow
from conference.sheets.model import Column, Sheet
from conference.store.facts_log import FactRow

CLOCK = "Uhr und Server"
"""Who did what nobody pressed."""


@dataclass(frozen=True)
class Entry:
    """One line: at which instant, who, in which session (title), what; `name` is the fact's."""

    at: datetime
    who: str
    session: str
    what: str
    name: str

    def as_dict(self) -> dict[str, Any]:
        """As pages and the JSON export get it."""
        return {"at": iso(self.at), "who": self.who, "session": self.session, "what": self.what, "name": self.name}


@dataclass(frozen=True)
class _Names:
    people: Mapping[str, str]
    sessions: Mapping[str, str]
    polls: Mapping[tuple[str, str], str]
    parts: Mapping[tuple[str, str], str]


async def entries(db: AsyncSession) -> list[Entry]:
    """The whole log, the oldest first."""
    names = await _names(db)
    query = select(FactRow).where(FactRow.name.in_(LOGGED)).order_by(FactRow.at, FactRow.stream, FactRow.number)
    found = []
    for row in (await db.execute(query)).scalars():
        key = _session_of(row)
        what = _what(names, key, row.name, row.body)
        if what:
            who = names.people.get(row.actor or "", CLOCK if row.actor is None else "gelöschte Person")
            found.append(Entry(row.at, who, names.sessions.get(key, key), what, row.name))
    return found


async def _names(db: AsyncSession) -> _Names:
    people = await db.execute(select(PersonRow.public_id, PersonRow.name))
    sessions = await db.execute(select(SessionRow.key, SessionRow.title))
    polls = await db.execute(
        select(SessionRow.key, PollRow.key, PollRow.question).join(PollRow, PollRow.session_id == SessionRow.id)
    )
    parts = await db.execute(
        select(SessionRow.key, PartRow.key, PartRow.title).join(PartRow, PartRow.session_id == SessionRow.id)
    )
    return _Names(
        dict(people.all()),
        dict(sessions.all()),
        {(session, key): title for session, key, title in polls},
        {(session, key): title for session, key, title in parts},
    )


def _session_of(row: FactRow) -> str:
    if row.stream != DAY:
        return row.stream
    body = row.body
    part, cue = body.get("part"), body.get("cue")
    shifted = body.get("sessions") or [{}]
    return str(
        body.get("session") or (part or {}).get("session") or (cue or {}).get("session") or shifted[0].get("key") or ""
    )


_STATES = {"planned": "geschlossen", "backstage": "Backstage geöffnet", "live": "gestartet", "ended": "beendet"}
_CUES = {
    "done": "Schritt gemacht",
    "passed": "Schritt abgehakt",
    "skipped": "Schritt übersprungen",
    "waiting": "Schritt zurückgenommen",
}
_CUES_TOO = {"passed": "abgehakt", "skipped": "übersprungen", "waiting": "zurückgenommen"}
"""What became of those that went with it."""
KINDS = {
    "session.backstage": "Backstage öffnen",
    "session.start": "Veranstaltung starten",
    "session.end": "Veranstaltung beenden",
    "part": "Übergabe",
    "film": "Film",
    "boards": "Tafeln",
    "stage.programme": "Bild der Regie auf die Bühne",
    "poll.open": "Umfrage öffnen",
    "poll.close": "Umfrage schließen",
    "poll.show": "Ergebnis zeigen",
    "pause.start": "Pause beginnen",
    "pause.end": "Pause ausklingen lassen",
    "groups.start": "Arbeitsgruppen starten",
    "groups.recall": "Arbeitsgruppen zurückrufen",
    "screen": "Saalbild umschalten",
    "message": "Nachricht an alle",
}
_POLLS = {
    "poll.created": "Umfrage angelegt",
    "poll.edited": "Umfrage geändert",
    "poll.discarded": "Umfrage verworfen",
    "poll.opened": "Umfrage geöffnet",
    "poll.closed": "Umfrage geschlossen",
    "poll.published": "Ergebnis gezeigt",
    "poll.hidden": "Ergebnis verborgen",
}
_PLAIN = {
    "agenda.replaced": "Programm neu eingelesen",
    "direction.listed": "Regieplan bearbeitet",
    "pause.ended": "Pause zu Ende",
    "pause.shifted": "Pause verändert",
    "breakouts.message": "Nachricht an die Arbeitsgruppen",
}
_PHASES = {"preparing": "in Vorbereitung", "announced": "angekündigt", "open": "geöffnet", "closed": "geschlossen"}


def _what(names: _Names, key: str, name: str, body: Mapping[str, Any]) -> str:
    """A line in words; "" when nobody needs to read it."""
    if name in _PLAIN:
        return _PLAIN[name]
    if name in _POLLS:
        poll = body["poll"]
        question = poll["question"] if isinstance(poll, dict) else names.polls.get((key, poll), poll)
        return f"{_POLLS[name]}: {question}"
    match name:
        case "session.moved":
            return _STATES[body["state"]]
        case "session.shifted":
            times = ", ".join(f"{names.sessions.get(s['key'], s['key'])}" for s in body["sessions"])
            return f"Zeiten verschoben: {times}"
        case "stage.brought_on" | "stage.taken_off":
            return f"{'Auf die Bühne' if name == 'stage.brought_on' else 'Von der Bühne'}: {body['name']}"
        case "stage.on_air":
            by_itself = ", von selbst: vom anderen Weg kam kein Bild" if body["automatic"] else ""
            return f"Programm über {'den Hauptweg' if body['feed'] == 'main' else 'den Ersatzweg'}{by_itself}"
        case "pause.started":
            return "Aktiv-Pause begonnen" if body["pause"]["kind"] == "active" else "Pause begonnen"
        case "breakouts.changed":
            return f"Arbeitsgruppen {_PHASES.get(body['round']['phase'], '')}"
        case "show.part":
            return _part(names, key, body["part"])
        case "film.changed":
            film = body["film"]
            return (
                f"Film {'läuft' if film['started_at'] else 'angehalten'}: {film['title']}" if film else "Film zu Ende"
            )
        case "show.screen":
            return f"Saalbild: {_SCREENS[body['screen']]}"
        case "show.message":
            return f"Nachricht an alle: {body['message']['text']}" if body["message"] else "Nachricht zurückgenommen"
        case "direction.stepped":
            return _step(body["cue"], body.get("more", []))
    return ""


_SCREENS = {
    "auto": "wie die Veranstaltung",
    "card": "gleich geht es weiter",
    "camera": "nur die Bühne",
    "poll": "Umfrage",
    "turnout": "Umfrage ohne Zwischenstand",
    "question": "angeheftete Frage",
    "board": "Ergebnistafel",
}


def _part(names: _Names, key: str, part: Mapping[str, Any] | None) -> str:
    if part is None:
        return "Kein Teil mehr"
    title = names.parts.get((key, part["part"]), part["part"])
    return f"Ende des Teils: {title}" if part.get("ended") else f"Teil: {title}"


def _step(cue: Mapping[str, Any] | None, more: Sequence[Mapping[str, Any]]) -> str:
    if cue is None:
        return ""
    first = f"{_CUES['passed' if _ticked(cue) else cue['state']]}: {_cue(cue)}"
    return "; ".join([first, *(f"{_CUES_TOO['passed' if _ticked(c) else c['state']]}: {_cue(c)}" for c in more)])


def _ticked(cue: Mapping[str, Any]) -> bool:
    return bool(cue.get("passed")) and cue["state"] == "done"


def _cue(cue: Mapping[str, Any]) -> str:
    return KINDS[cue["kind"]] + (f": {cue['text']}" if cue["text"] else "")


# --- the export -----------------------------------------------------------------------------------------------------

_COLUMNS = (Column("Zeit", "datetime"), Column("Wer"), Column("Veranstaltung"), Column("Was"))


def sheet(found: list[Entry]) -> Sheet:
    """A row per line of the log; this one is the CSV."""
    return Sheet("Protokoll", _COLUMNS, [(entry.at, entry.who, entry.session, entry.what) for entry in found])


def payload(found: list[Entry]) -> list[dict[str, Any]]:
    """For the JSON."""
    return [{**entry.as_dict(), "at": entry.at} for entry in found]
