"""Verbs on films: file one, start, pause, move, stop."""

from __future__ import annotations

from sqlalchemy import select

from conference.core.errors import ConferenceError, NotFound
from conference.films import queries
from conference.films.facts import FilmChanged, FilmsFiled
from conference.films.model import TYPES, Screening, begin, check_part
from conference.films.tables import FilmRow, ScreeningRow
from conference.sessions import queries as sessions
from conference.sessions.model import Session, State
from conference.store.unit import Unit


async def file(unit: Unit, key: str, film: FilmRow) -> str | None:
    """Make a file the film of its part; the key of the one before, whose files are of no use any more.

    Raises:
        ConferenceError: ``film.part``, ``film.on``; NotFound.
    """
    item = await sessions.session(unit.db, key)
    check_film(item, film.part)
    old = await _take_away(unit, item, film.part)
    film.session_id = item.id
    unit.db.add(film)
    await unit.db.flush()
    await unit.tell(key, FilmsFiled(await queries.files(unit.db, item)))
    return old


async def remove(unit: Unit, key: str, part: str) -> str | None:
    """Take a part's file away; its key. Raises ConferenceError ``film.on``; NotFound."""
    item = await sessions.session(unit.db, key)
    old = await _take_away(unit, item, part)
    if old:
        await unit.tell(key, FilmsFiled(await queries.files(unit.db, item)))
    return old


async def _take_away(unit: Unit, item: Session, part: str) -> str | None:
    shown = await queries.on_stage(unit.db, item.id)
    if shown and shown.part == part:
        raise ConferenceError("film.on", "Dieser Film läuft gerade.")
    row = await unit.db.get(FilmRow, (item.id, part))
    if row is None:
        return None
    await unit.db.delete(row)
    await unit.db.flush()
    return row.key


def check_film(item: Session, part: str) -> None:
    """Raise ConferenceError ``film.part`` unless this part of the session is a film."""
    check_part(part, _films(item))


def _films(item: Session) -> dict[str, str]:
    """Title of each film of the programme, by its part."""
    return {part.key: part.title for part in item.parts if part.format == queries.FORMAT}


async def start(unit: Unit, key: str, part: str) -> bool:
    """Play a part's film from its beginning, three seconds from now; whether it was not on already.

    Raises:
        ConferenceError: ``film.part``, ``film.none``, ``stage.not_open``.
    """
    item = await sessions.session(unit.db, key)
    titles = _films(item)
    check_part(part, titles)
    if item.state not in (State.BACKSTAGE, State.LIVE):
        raise ConferenceError("stage.not_open", "Die Veranstaltung läuft nicht.")
    row = await unit.db.get(FilmRow, (item.id, part))
    if row is None:
        raise ConferenceError("film.none", "Zu diesem Film liegt keine Datei vor; die Regie spielt ihn ein.")
    shown = await queries.on_stage(unit.db, item.id)
    if shown and shown.part == part:
        return False
    if shown:
        await unit.db.delete(shown)
        await unit.db.flush()
    fresh = ScreeningRow(
        session_id=item.id,
        part=part,
        title=titles[part],
        key=row.key,
        media_type=TYPES[row.kind],
        subtitles=row.subtitles,
        duration=row.duration,
        started_at=begin(unit.now),
        position=0,
    )
    unit.db.add(fresh)
    await unit.db.flush()
    await unit.tell(key, FilmChanged(fresh.to_model().as_dict()))
    return True


async def has_file(unit: Unit, key: str, part: str) -> bool:
    """Whether a part's film lies here. Raises NotFound."""
    row = await sessions.row(unit.db, key)
    found = await unit.db.execute(select(FilmRow.key).where(FilmRow.session_id == row.id, FilmRow.part == part))
    return found.first() is not None


async def pause(unit: Unit, key: str, part: str, paused: bool) -> None:
    """Stop a film where it is, or let it go on. Raises NotFound."""
    row = await _on(unit, key, part)
    if (row.started_at is None) != paused:
        film = row.to_model()
        await _keep(unit, key, row, film.pause(unit.now) if paused else film.resume(unit.now))


async def hold(unit: Unit, key: str) -> None:
    """Stop whatever film a session shows, where it is."""
    row = await queries.on_stage(unit.db, (await sessions.row(unit.db, key)).id)
    if row is not None:
        await pause(unit, key, row.part, True)


async def seek(unit: Unit, key: str, part: str, position: int) -> None:
    """Go to a position in milliseconds. Raises NotFound."""
    row = await _on(unit, key, part)
    await _keep(unit, key, row, row.to_model().seek(unit.now, position))


async def stop(unit: Unit, key: str, part: str | None = None) -> bool:
    """Take the film (None: whichever) from the stage; whether there was one."""
    row = await queries.on_stage(unit.db, (await sessions.row(unit.db, key)).id)
    if row is None or part not in (None, row.part):
        return False
    await unit.db.delete(row)
    await unit.db.flush()
    await unit.tell(key, FilmChanged(None))
    return True


async def _on(unit: Unit, key: str, part: str) -> ScreeningRow:
    row = await queries.on_stage(unit.db, (await sessions.row(unit.db, key)).id)
    if row is None or row.part != part:
        raise NotFound("Dieser Film")
    return row


async def _keep(unit: Unit, key: str, row: ScreeningRow, film: Screening) -> None:
    row.take(film)
    await unit.tell(key, FilmChanged(film.as_dict()))
