"""Verbs on the stage: come backstage, be brought on, be taken off, switch sound and picture, leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from conference.core.errors import ConferenceError, NotAllowed, NotFound
from conference.people.model import Person
from conference.sessions import queries
from conference.sessions.facts import (
    SpeakerChanged,
    StageBroughtOn,
    StageEntered,
    StageGoingOn,
    StageLeft,
    StageNamed,
    StageOnAir,
    StageTakenOff,
    StageTracksSet,
)
from conference.sessions.model import Feed, Source, State, Waits, free_slot
from conference.sessions.tables import SessionRow, StageRow
from conference.store import facts_log
from conference.store.unit import Unit

_OPEN = (State.BACKSTAGE, State.LIVE)
BACKSTAGE_LIMIT = 40


async def enter(unit: Unit, key: str, person: Person, source: Source) -> bool:
    """Come backstage with a source; whether it is new (coming again is harmless).

    Raises:
        ConferenceError: ``stage.not_open``, ``stage.full``.
    """
    row = await queries.row(unit.db, key)
    if State(row.state) not in _OPEN or row.kind != "live":
        raise ConferenceError("stage.not_open", "Der Backstage-Bereich ist noch nicht geöffnet.")
    if await unit.db.get(StageRow, (row.id, person.id, source.value)):
        return False
    count, last = await _counted(unit, row)
    if count >= BACKSTAGE_LIMIT:
        raise ConferenceError("stage.full", "Backstage ist kein Platz mehr.")
    office = "" if source is Source.PROGRAMME else (await queries.session(unit.db, key)).office_of(person)
    entry = StageRow(
        session_id=row.id,
        person_id=person.id,
        source=source.value,
        slot=None,
        audio=True,
        video=True,
        office=office,
        entered=last + 1,
    )
    unit.db.add(entry)
    await unit.db.flush()
    await unit.tell(key, StageEntered(person.public_id, person.name, office, source.value, audio=True, video=True))
    return True


async def _counted(unit: Unit, row: SessionRow) -> tuple[int, int]:
    query = select(func.count(), func.coalesce(func.max(StageRow.entered), 0)).where(StageRow.session_id == row.id)
    count, last = (await unit.db.execute(query)).one()
    return count, last


async def leave(unit: Unit, key: str, person: Person, source: Source) -> None:
    """Go, from backstage or from the stage. Going twice is harmless."""
    row = await queries.row(unit.db, key)
    entry = await unit.db.get(StageRow, (row.id, person.id, source.value))
    if entry is None:
        return
    await _be_silent(unit, key, entry)
    await unit.db.delete(entry)
    await unit.tell(key, StageLeft(person.public_id, source.value))


async def bring_on(unit: Unit, key: str, public_id: str, source: Source) -> None:
    """Put a waiting source on stage, in the first free slot; one that is there already stays.

    Raises:
        ConferenceError: ``stage.full``, ``stage.not_open``; NotFound when it does not wait backstage.
    """
    row, entry = await _entry(unit, key, public_id, source)
    if State(row.state) not in _OPEN:
        raise ConferenceError("stage.not_open", "Die Veranstaltung läuft nicht.")
    if entry.slot is not None:
        return
    entry.slot = free_slot([e.slot for e in await queries.stage(unit.db, row.id)], source)
    entry.going_on_at, entry.waits = None, ""
    await unit.db.flush()
    await unit.tell(key, StageBroughtOn(slot=entry.slot, **_said(entry)))


async def take_off(unit: Unit, key: str, public_id: str, source: Source) -> None:
    """Take a source from the stage back to backstage, behind those who wait there."""
    row, entry = await _entry(unit, key, public_id, source)
    if entry.slot is None:
        return
    await _be_silent(unit, key, entry)
    entry.slot = None
    entry.named = False
    entry.entered = (await _counted(unit, row))[1] + 1
    await unit.tell(key, StageTakenOff(**_said(entry)))


async def announce(unit: Unit, key: str, public_id: str, source: Source, seconds: int) -> None:
    """Tell somebody backstage to be on stage in so many seconds; who was told already comes when he was told.

    Raises:
        ConferenceError: ``stage.full``, ``stage.not_open``; NotFound.
    """
    row, entry = await _entry(unit, key, public_id, source)
    if State(row.state) not in _OPEN:
        raise ConferenceError("stage.not_open", "Die Veranstaltung läuft nicht.")
    if entry.slot is not None or entry.going_on_at is not None:
        return
    others = [e for e in await queries.stage(unit.db, row.id) if e.slot is not None]
    free_slot([e.slot for e in others], source)
    entry.going_on_at, entry.waits = unit.now + timedelta(seconds=seconds), ""
    await _say_going(unit, key, entry)


async def come(unit: Unit, key: str, public_id: str, source: Source) -> None:
    """Bring on stage who was announced for now, unless that was called off meanwhile. Raises as `bring_on`."""
    _, entry = await _entry(unit, key, public_id, source)
    if entry.going_on_at is not None and entry.going_on_at <= unit.now:
        await bring_on(unit, key, public_id, source)


async def call_off(unit: Unit, key: str, public_id: str, source: Source, waits: Waits | None) -> None:
    """Somebody who was announced does not come on stage now; others are left alone. Raises NotFound."""
    _, entry = await _entry(unit, key, public_id, source)
    if entry.going_on_at is None:
        return
    entry.going_on_at, entry.waits = None, waits or ""
    await _say_going(unit, key, entry)


async def _say_going(unit: Unit, key: str, entry: StageRow) -> None:
    view = queries.entry_view(entry)
    await unit.tell(key, StageGoingOn(**{part: view[part] for part in ("person", "source", "going_on_at", "waits")}))


async def name(unit: Unit, key: str, public_id: str, source: Source, named: bool) -> None:
    """Let the name and office of somebody on stage stand on the picture, or take them away.

    Raises:
        ConferenceError: ``stage.not_on``; NotFound.
    """
    _, entry = await _entry(unit, key, public_id, source)
    if entry.slot is None:
        raise ConferenceError("stage.not_on", "Diese Person ist nicht auf der Bühne.")
    entry.named = named
    await unit.tell(key, StageNamed(public_id, source.value, named))


async def set_tracks(
    unit: Unit,
    key: str,
    actor: Person,
    public_id: str | None,
    source: Source,
    *,
    audio: bool | None,
    video: bool | None,
) -> None:
    """Switch sound and picture of one's own source; of somebody else's only off (nobody is opened by others).

    None leaves it as it is: who presses two buttons in a row takes nothing back of the first.

    Raises:
        NotAllowed: switching somebody else on; NotFound.
    """
    target = public_id or actor.public_id
    _, entry = await _entry(unit, key, target, source)
    audio, video = entry.audio if audio is None else audio, entry.video if video is None else video
    if target != actor.public_id and ((audio and not entry.audio) or (video and not entry.video)):
        raise NotAllowed("Mikrofon und Kamera kann nur die Person selbst einschalten.")
    if (entry.audio, entry.video) == (audio, video):
        return
    if not audio:
        await _be_silent(unit, key, entry)
    entry.audio, entry.video = audio, video
    await unit.tell(key, StageTracksSet(target, source.value, audio, video))


async def put_on_air(unit: Unit, key: str, public_id: str, feed: Feed, *, automatic: bool = False) -> None:
    """Show another feed of somebody's programme; the one that is on air already stays, by hand from then on.

    Raises:
        NotFound: no such programme.
    """
    _, entry = await _entry(unit, key, public_id, Source.PROGRAMME)
    if entry.feed != feed or (entry.automatic and not automatic):
        entry.feed, entry.automatic = feed.value, automatic
        await unit.tell(key, StageOnAir(public_id, feed.value, automatic))


async def clear(unit: Unit, row: SessionRow) -> None:
    """Everybody leaves: the session is over."""
    await end_word(unit, row)
    for entry in await queries.stage(unit.db, row.id):
        await unit.tell(row.key, StageLeft(entry.person.public_id, entry.source))
    await unit.db.execute(delete(StageRow).where(StageRow.session_id == row.id))


async def give_word(unit: Unit, key: str, public_id: str, source: Source) -> bool:
    """Somebody on stage has the word now; whether it was given (not to him who has it, is off, or is not live)."""
    row, entry = await _entry(unit, key, public_id, source)
    if row.state != State.LIVE or entry.slot is None or not entry.audio or entry.speaks:
        return False
    await unit.db.execute(update(StageRow).where(StageRow.session_id == row.id).values(speaks=False))
    entry.speaks = True
    await _say_speaker(unit, key, SpeakerChanged(public_id, source.value))
    return True


async def end_word(unit: Unit, row: SessionRow) -> None:
    """Nobody has the word any more."""
    for entry in await queries.stage(unit.db, row.id):
        await _be_silent(unit, row.key, entry)


async def _be_silent(unit: Unit, key: str, entry: StageRow) -> None:
    """Whoever goes or is muted has the word no longer."""
    if entry.speaks:
        entry.speaks = False
        await _say_speaker(unit, key, SpeakerChanged(None, None))


async def _say_speaker(unit: Unit, key: str, said: SpeakerChanged) -> None:
    """Say it, and forget who had the word before: nothing here remembers who spoke how long."""
    await facts_log.blank(unit.db, key, SpeakerChanged.name, "person", SpeakerChanged(None, None).body())
    await unit.tell(key, said)


async def _entry(unit: Unit, key: str, public_id: str, source: Source) -> tuple[SessionRow, StageRow]:
    row = await queries.row(unit.db, key)
    for entry in await queries.stage(unit.db, row.id):
        if entry.person.public_id == public_id and entry.source == source:
            return row, entry
    raise NotFound("Diese Person auf oder hinter der Bühne")


def _said(entry: StageRow) -> dict[str, Any]:
    view = queries.entry_view(entry)
    told = ("person", "office", "source", "audio", "video")
    return {"display_name": view["name"], **{part: view[part] for part in told}}
