"""The command line: ``conference serve | demo | import | links | export | doctor | rehearse | db upgrade``."""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import uvloop

from conference import demo
from conference.app import open_store, serve
from conference.config import Settings, load, secret_key
from conference.core.errors import BadRequest, ConferenceError
from conference.core.roles import Role
from conference.doctor import examine
from conference.exporting import FORMATS, TEXT, WHATS, export, forms
from conference.films import actions as film_actions
from conference.films import files as films
from conference.importing import ImportReport, import_all
from conference.migrations import standing, upgrade
from conference.people.people_file import PeopleFile, read_people
from conference.people.queries import all_links
from conference.people.tokens import Tokens
from conference.rehearsal import command as rehearsal
from conference.sessions import queries
from conference.sessions.programme import read_programme
from conference.sheets.text import formula_safe
from conference.store.engine import open_engine
from conference.store.unit import Store

Run = Callable[[Settings, argparse.Namespace], Awaitable[int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 refused, 2 wrongly called."""
    options = _parser().parse_args(arguments)
    try:
        settings = load({field.name: getattr(options, field.name, None) for field in fields(Settings)})
        return uvloop.run(_checked(options.run(settings, options)))
    except ConferenceError as error:
        print(error.message, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'System'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _checked(work: Awaitable[int]) -> int:
    return await work


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="conference", description="Hybrid conferences on one machine.")
    parser.add_argument("--data", metavar="DIR", help="directory of the database and the key (default: data)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _server(commands, "serve", "run the conference", _serve)
    _server(commands, "demo", "load the Kooperationskonferenz with 92 people, starting now, and run it", _demo)
    _import_parser(commands)
    _links_parser(commands)
    _export_parser(commands)
    _film_parser(commands)
    _server(commands, "doctor", "what would go wrong tomorrow", _doctor)
    rehearsal.add(commands)
    database = commands.add_parser("db", help="the database").add_subparsers(required=True, metavar="COMMAND")
    database.add_parser("upgrade", help="bring the database up to date").set_defaults(run=_upgrade)
    return parser


def _server(commands: Any, name: str, text: str, run: Run) -> None:
    parser = commands.add_parser(name, help=text, description=text, epilog=_VARIABLES)
    for field in fields(Settings):
        if field.name != "data":
            flag = f"--{field.name.replace('_', '-')}"
            parser.add_argument(
                flag, dest=field.name, help=f"{field.metadata['help']} (default: {field.default or 'none'})"
            )
    parser.set_defaults(run=run)


_VARIABLES = "Each setting is also a variable CONFERENCE_NAME and a key in conference.toml; flags win, then variables."


def _import_parser(commands: Any) -> None:
    parser = commands.add_parser("import", help="take a programme and people over; again to update")
    parser.add_argument("programme", type=Path, metavar="PROGRAMME.yaml")
    parser.add_argument("--people", type=Path, metavar="PEOPLE.csv|.xlsx")
    parser.set_defaults(run=_import)


def _links_parser(commands: Any) -> None:
    parser = commands.add_parser("links", help="personal links")
    parser.add_argument("--role", choices=[role.value for role in Role])
    parser.add_argument("--person", metavar="EMAIL")
    parser.add_argument("--session", metavar="KEY")
    parser.add_argument("--format", choices=["table", "csv", "json"], default="table", dest="form")
    parser.add_argument("--public-url", dest="public_url", help="the address people type")
    parser.add_argument("--port", dest="port", help="the port of the server, where no public address is set")
    parser.set_defaults(run=_links)


def _export_parser(commands: Any) -> None:
    parser = commands.add_parser("export", help="attendance, feedback, polls, questions, boards as files")
    parser.add_argument("what", choices=WHATS)
    parser.add_argument("--format", choices=(*FORMATS, TEXT), required=True, dest="form")
    parser.add_argument("--output", default="-", metavar="FILE|-")
    parser.set_defaults(run=_export)


def _film_parser(commands: Any) -> None:
    parser = commands.add_parser("film", help="take the file of a film of the programme in (MP4 or WebM)")
    parser.add_argument("session", metavar="SESSION")
    parser.add_argument("part", metavar="PART")
    parser.add_argument("file", type=Path, metavar="FILE.mp4|.webm")
    parser.add_argument("--subtitles", type=Path, metavar="FILE.vtt")
    parser.set_defaults(run=_film)


# --- the commands -----------------------------------------------------------------------------------------------------


async def _serve(settings: Settings, _options: argparse.Namespace) -> int:
    async with open_store(settings) as store, store.reading() as db:
        await queries.conference(db)  # nothing to serve before the first import
    await serve(settings)
    return 0


async def _demo(settings: Settings, _options: argparse.Namespace) -> int:
    async with open_store(settings) as store:
        await demo.load(store)
        for line in await demo.links(store, Tokens(secret_key(settings.directory)), settings.url):
            print(line)
    await serve(settings)
    return 0


async def _import(settings: Settings, options: argparse.Namespace) -> int:
    programme = read_programme(_read(options.programme))
    file = read_people(options.people.name, _read(options.people)) if options.people else None
    async with open_store(settings) as store, store.unit() as unit:
        report = await import_all(unit, programme, file)
    secret_key(settings.directory)
    for line in _report_lines(report, file):
        print(line)
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConferenceError("import.unreadable", f"{path}: {error.strerror}") from error


def _report_lines(report: ImportReport, file: PeopleFile | None) -> list[str]:
    lines = [
        f"Programm: {report.sessions_added} neu, {report.sessions_changed} geändert, {report.sessions_removed} entfernt"
    ]
    lines += [f"  behalten, weil schon besucht: {key}" for key in report.kept]
    if report.people and file:
        people = report.people
        lines.append(f"Personen: {people.added} neu, {people.changed} geändert, {people.unchanged} unverändert")
        lines += [f"  doppelt und zusammengelegt: {file.duplicates}"] if file.duplicates else []
        lines += [f"  Zeile {line.line} abgelehnt: {line.reason}" for line in file.refused]
    return [*lines, f"Links: {report.links} neu"]


async def _links(settings: Settings, options: argparse.Namespace) -> int:
    tokens = Tokens(secret_key(settings.directory))
    async with open_store(settings) as store:
        found = await link_list(store, tokens, settings.url)
    chosen = [
        line
        for line in found
        if (options.role in (None, line["role"]))
        and (options.person is None or (line["email"] or "").lower() == options.person.lower())
        and (options.session in (None, line["session"]))
    ]
    sys.stdout.write(_LINK_WRITERS[options.form](chosen))
    return 0


async def link_list(store: Store, tokens: Tokens, base: str) -> list[dict[str, str | None]]:
    """Every standing link: ``{person, email, role, session, url}``; the role is the one in that session."""
    async with store.reading() as db:
        sessions = {session.key: session for session in await queries.agenda(db)}
        return [
            {
                "person": person.name,
                "email": person.email,
                "role": (sessions[link.session].role_of(person) if link.session else person.role).value,
                "session": link.session,
                "url": f"{base}/j/{tokens.token(link)}",
            }
            for link, person in await all_links(db)
            if link.session is None or link.session in sessions
        ]


def _table(lines: list[dict[str, str | None]]) -> str:
    return "".join(
        f"{line['person'] or '':30}  {line['role'] or '':12}  {line['session'] or '–':16}  {line['url']}\n"
        for line in lines
    )


def _csv(lines: list[dict[str, str | None]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["person", "email", "role", "session", "url"], delimiter=";")
    writer.writeheader()
    writer.writerows({key: formula_safe(value or "") for key, value in line.items()} for line in lines)
    return text.getvalue()


def _json(lines: list[dict[str, str | None]]) -> str:
    return json.dumps(lines, ensure_ascii=False, indent=2) + "\n"


_LINK_WRITERS = {"table": _table, "csv": _csv, "json": _json}


async def _film(settings: Settings, options: argparse.Namespace) -> int:
    data = settings.directory
    async with open_store(settings) as store, films.Receiving(data) as coming:
        await coming.film(options.file.name, films.pieces(options.file))
        if options.subtitles:
            await coming.subtitles(films.pieces(options.subtitles))
        intake = await coming.look()
        async with store.unit() as unit:
            old = await film_actions.file(unit, options.session, intake.row(options.part, unit.now))
        coming.keep()
    if old:
        await films.drop(data, old)
    seconds = round(intake.duration / 1000)
    print(f"{intake.name}: {seconds // 60}:{seconds % 60:02} min, {intake.size / 1e6:.1f} MB")
    return 0


async def _export(settings: Settings, options: argparse.Namespace) -> int:
    if options.form not in forms(options.what):
        raise BadRequest("Als Text gibt es nur die Tafeln der Arbeitsgruppen.")
    async with open_store(settings) as store, store.reading() as db:
        body = await export(db, options.what, options.form, store.clock.now())
    if options.output == "-":
        sys.stdout.buffer.write(body)
    else:
        Path(options.output).write_bytes(body)
    return 0


async def _doctor(settings: Settings, _options: argparse.Namespace) -> int:
    findings = await asyncio.to_thread(examine, settings)
    for finding in findings:
        print(f"{'gut  ' if finding.good else 'ACHTUNG'}  {finding.text}")
    return 0 if all(finding.good for finding in findings) else 1


async def _upgrade(settings: Settings, _options: argparse.Namespace) -> int:
    settings.directory.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    try:
        before, newest = await standing(engine)
        await upgrade(engine)
    finally:
        await engine.dispose()
    print(f"Datenbank: {before or 'leer'} → {newest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
