"""Feedback as rows, without names: the order of the answers tells nothing either."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from conference.feedback import queries
from conference.sessions.queries import agenda
from conference.sheets.model import Column, Sheet


async def payload(db: AsyncSession) -> list[dict[str, Any]]:
    """Every feedback session: summary and the single answers."""
    return [
        {
            "session": row.key,
            "title": row.title,
            **await queries.summary_of(db, row),
            "answers": [answer.as_dict() for answer in await queries.answers(db, row.id)],
        }
        for row in await agenda(db)
        if row.kind == "feedback"
    ]


def sheet(entries: list[dict[str, Any]], name: str = "Rückmeldungen") -> Sheet:
    """A row per answer; this one is the CSV."""
    aspects = list(dict.fromkeys(a["name"] for entry in entries for a in entry["aspects"]))
    columns = (
        Column("Veranstaltung"),
        Column("Bewertung", "int"),
        *(Column(a, "int") for a in aspects),
        Column("Anmerkung"),
    )
    rows = [
        (entry["title"], answer["rating"], *(answer["aspects"].get(a) for a in aspects), answer["comment"])
        for entry in entries
        for answer in entry["answers"]
    ]
    return Sheet(name, columns, rows)


def sheets(entries: list[dict[str, Any]]) -> list[Sheet]:
    """Übersicht, distribution, all answers, then one sheet per feedback session."""
    per_session = [sheet([entry], entry["title"]) for entry in entries]
    return [_overview(entries), _distribution(entries), sheet(entries), *per_session]


def _overview(entries: list[dict[str, Any]]) -> Sheet:
    rows: list[tuple[Any, ...]] = []
    for entry in entries:
        previous = entry["previous"] or {}
        rows += [
            (entry["title"], "Mittelwert", entry["mean"]),
            (entry["title"], "Rückmeldungen", entry["answered"]),
            (entry["title"], "Eingeladen", entry["eligible"]),
            (entry["title"], "Rücklauf in %", entry["response_rate"]),
            (entry["title"], f"Zum Vergleich: {previous.get('label', 'früher')}", previous.get("mean")),
            (entry["title"], "Unterschied", entry["difference"]),
            *((entry["title"], f"{a['name']} (1 bis 5)", a["mean"]) for a in entry["aspects"]),
        ]
    return Sheet("Übersicht", (Column("Veranstaltung"), Column("Kennzahl"), Column("Wert", "decimal")), rows)


def _distribution(entries: list[dict[str, Any]]) -> Sheet:
    columns = (
        Column("Veranstaltung"),
        Column("Bewertung", "int"),
        Column("Anzahl", "int"),
        Column("Anteil in %", "percent"),
    )
    rows: list[tuple[Any, ...]] = [
        (
            entry["title"],
            entry["from"] + i,
            n,
            round(100 * n / entry["answered"], 1) if entry["answered"] else 0.0,
        )
        for entry in entries
        for i, n in enumerate(entry["distribution"])
    ]
    return Sheet("Verteilung", columns, rows)
