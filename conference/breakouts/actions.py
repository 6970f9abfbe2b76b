"""Verbs on working groups."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random, SystemRandom
from typing import Any

from sqlalchemy import select

from conference.breakouts import queries
from conference.breakouts.assignment import Candidate, assign
from conference.breakouts.facts import (
    BreakoutsCalled,
    BreakoutsChanged,
    BreakoutsDesk,
    BreakoutsHelp,
    BreakoutsMessage,
    BreakoutsPeople,
    BreakoutsPerson,
    BreakoutsPlaced,
    BreakoutsRooms,
    BreakoutsStayed,
)
from conference.breakouts.model import (
    ANNOUNCED_SECONDS,
    BEFORE,
    GRACE_SECONDS,
    MAX_WISHES,
    MOVES,
    RECALL_SECONDS,
    Phase,
    Room,
    emptiest,
    outcome,
)
from conference.breakouts.tables import HelpRow, MessageRow, PlaceRow, RoomRow, RoundRow, WishRow
from conference.core.clock import iso
from conference.core.errors import BadRequest, ConferenceError, NotAllowed, NotFound
from conference.core.facts import DAY, Fact
from conference.core.ids import new_id
from conference.core.roles import Permission, may
from conference.people import queries as people_queries
from conference.people.model import Person
from conference.people.tables import PersonRow
from conference.sessions import queries as sessions
from conference.sessions.actions import agenda, presence
from conference.sessions.model import Session, State
from conference.store.unit import Unit

MAX_MINUTES = 480
_LOT: Random = SystemRandom()


class _Groups:
    """The working groups of one session within one unit of work."""

    def __init__(self, unit: Unit, session: Session, found: RoundRow, rows: Sequence[RoomRow]) -> None:
        self.unit, self.session, self.round = unit, session, found
        self.rows = {row.key: row for row in rows}

    @classmethod
    async def of(cls, unit: Unit, key: str) -> _Groups:
        session = await sessions.session(unit.db, key)
        found = await queries.round_row(unit.db, session.id)
        return cls(unit, session, found, await queries.rooms(unit.db, session.id))

    @property
    def key(self) -> str:
        return self.session.key

    @property
    def phase(self) -> Phase:
        return Phase(self.round.phase)

    @property
    def models(self) -> list[Room]:
        return [row.to_model() for row in self.rows.values()]

    def room(self, key: str) -> RoomRow:
        if key not in self.rows:
            raise NotFound("Diese Gruppe")
        return self.rows[key]

    async def place(self, person: Person) -> PlaceRow:
        """Somebody's place, made if there is none yet."""
        found = await queries.place(self.unit.db, self.session.id, person.id)
        if found is None:
            row = await self.unit.db.get_one(PersonRow, person.id)
            found = _no_place(self.session.id, row, staff=not queries.takes_place(self.session, person))
            self.unit.db.add(found)
            await self.unit.db.flush()
        return found

    async def mine(self, person: Person) -> PlaceRow:
        """The place of somebody who is in a room now.

        Raises:
            ConferenceError: ``breakouts.closed``, ``breakouts.no_room``.
        """
        if self.phase is not Phase.OPEN:
            raise ConferenceError("breakouts.closed", "Die Gruppen sind nicht geöffnet.")
        found = await queries.place(self.unit.db, self.session.id, person.id)
        if found is None or found.room is None:
            raise ConferenceError("breakouts.no_room", "Sie sind in keiner Gruppe.")
        return found

    async def participant(self, public_id: str) -> Person:
        person = await people_queries.person(self.unit.db, public_id)
        if not queries.takes_place(self.session, person):
            raise NotFound("Diese Person unter den Teilnehmenden")
        return person

    async def check_seat(self, room: str) -> None:
        """Raises ConferenceError ``breakouts.full``."""
        counts = await queries.taken(self.unit.db, self.session.id)
        if counts.get(room, 0) >= self.room(room).capacity:
            raise ConferenceError("breakouts.full", "Diese Gruppe ist voll.")

    async def tell_round(self) -> None:
        await self.unit.db.flush()
        await self.unit.tell(self.key, BreakoutsChanged(queries.round_view(self.round)))

    async def rooms_fact(self) -> BreakoutsRooms:
        return BreakoutsRooms(await queries.rooms_view(self.unit.db, self.session, list(self.rows.values())))

    async def tell_seats(self, changed: Collection[PlaceRow], touched: Iterable[str | None]) -> None:
        """Tell people where they belong now, the rooms who belongs to them, and the moderation."""
        if not changed:
            return
        db, session_id = self.unit.db, self.session.id
        await db.flush()
        groups = {room: await queries.group_view(db, session_id, room) for room in {r.room for r in changed if r.room}}
        people = [row.person.to_model() for row in changed]
        wished = await queries.wishes(db, session_id, self.models, people)
        facts: list[Fact] = [
            BreakoutsPeople(room, (await queries.group_view(db, session_id, room))["people"])
            for room in sorted({room for room in touched if room})
        ]
        facts += [
            BreakoutsPlaced(
                row.room,
                queries.me_view(row, wished[row.person_id]),
                groups[row.room] if row.room else None,
                row.person.public_id,
            )
            for row in changed
        ]
        seated = [(p, r) for p, r in zip(people, changed, strict=True) if queries.takes_place(self.session, p)]
        if seated:
            facts.append(await self.rooms_fact())
            facts.append(BreakoutsDesk([queries.desk_person(p, r, wished[p.id]) for p, r in seated]))
        await self.unit.tell(self.key, *facts)

    async def seat(self, seats: Mapping[PlaceRow, str | None]) -> None:
        """Give people rooms; whoever had another leaves it, and with it microphone, camera and hand."""
        changed = [row for row, room in seats.items() if row.room != room]
        touched = {row.room for row in changed} | {seats[row] for row in changed}
        for row in changed:
            row.room, row.wanted, row.late = seats[row], None, False
            row.audio = row.video = False
            row.hand, row.called = None, False
        await self.tell_seats(changed, touched)


def _no_place(session_id: int, person: PersonRow, *, staff: bool) -> PlaceRow:
    off = dict.fromkeys(("locked", "staying", "late", "audio", "video", "called"), False)
    none = dict.fromkeys(("room", "home", "wanted", "hand"))
    return PlaceRow(session_id=session_id, person=person, staff=staff, **off, **none)


# --- what the programme says ------------------------------------------------------------------------------------------


async def prepare(unit: Unit, session_id: int, extra: Mapping[str, Any]) -> None:
    """Take a programme's rooms over. Rooms that it no longer has go while they are empty or not open; places stay."""
    if await unit.db.get(RoundRow, session_id) is None:
        unit.db.add(RoundRow(session_id=session_id, phase=Phase.PREPARING.value, closing=False))
        await unit.db.flush()
    rows = {row.key: row for row in await queries.rooms(unit.db, session_id)}
    homes: dict[str, str] = {}
    for position, room in enumerate(extra.get("rooms", ())):
        row = rows.pop(room["key"], None)
        if row is None:
            row = RoomRow(session_id=session_id, key=room["key"], capacity=room["capacity"])
            unit.db.add(row)
        row.position, row.title, row.capacity = position, room["title"], room["capacity"]
        homes |= dict.fromkeys(room["moderators"], room["key"])
    await unit.db.flush()
    places = await queries.places(unit.db, session_id)
    for place in places:
        if place.room in rows:
            place.room = None
        if place.home is not None:
            place.home = None
    await unit.db.flush()
    for gone in rows.values():
        await unit.db.delete(gone)
    known = {place.person_id: place for place in places}
    for person in await unit.db.scalars(select(PersonRow).where(PersonRow.email.in_(homes))):
        place = known.get(person.id) or _no_place(session_id, person, staff=True)
        unit.db.add(place)
        place.staff, place.home = True, homes[person.email or ""]
    await unit.db.flush()


# --- before the start -------------------------------------------------------------------------------------------------


async def wish(unit: Unit, key: str, person: Person, rooms: Sequence[str]) -> None:
    """Say which rooms one would like, the dearest first. Raises NotFound, BadRequest, ``breakouts.staff``."""
    groups = await _Groups.of(unit, key)
    if not queries.takes_place(groups.session, person):
        raise ConferenceError("breakouts.staff", "Die Moderation bekommt keinen Platz zugeteilt.")
    if len(rooms) > MAX_WISHES or len(set(rooms)) != len(rooms):
        raise BadRequest(f"Bis zu {MAX_WISHES} verschiedene Wünsche sind möglich.")
    for room in rooms:
        groups.room(room)
    said = await unit.db.get(WishRow, (groups.session.id, person.id))
    if said is None:
        unit.db.add(WishRow(session_id=groups.session.id, person_id=person.id, rooms=list(rooms)))
    else:
        said.rooms = list(rooms)
    place = await groups.place(person)
    await groups.tell_seats([place], ())


async def give_places(unit: Unit, key: str, *, fresh: bool, random: Random = _LOT) -> dict[str, Any]:
    """Give everybody a place who has none; `fresh`: also to all whose place is not locked. How many got which wish.

    Raises:
        ConferenceError: ``breakouts.too_small``, ``breakouts.running``.
    """
    groups = await _Groups.of(unit, key)
    if fresh and groups.phase is Phase.OPEN:
        raise ConferenceError("breakouts.running", "Solange die Gruppen laufen, wird nicht neu gemischt.")
    everybody = await queries.participants(unit.db, groups.session)
    wished = await queries.wishes(unit.db, groups.session.id, groups.models, everybody)
    rows = {row.person_id: row for row in await queries.places(unit.db, groups.session.id)}
    seated = {
        person.id: (room, _organisation(person))
        for person, room in queries.seats(rows, everybody)
        if rows[person.id].locked or not fresh
    }
    candidates = [Candidate(p.id, _organisation(p), wished[p.id]) for p in everybody if p.id not in seated]
    given = await asyncio.to_thread(assign, groups.models, candidates, seated, random)
    by_id = {person.id: person for person in everybody}
    await groups.seat({rows.get(p) or await groups.place(by_id[p]): room for p, room in given.items()})
    return await _outcome(groups)


def _organisation(person: Person) -> str:
    return " ".join(person.organisation.casefold().split())


async def _outcome(groups: _Groups) -> dict[str, Any]:
    everybody = await queries.participants(groups.unit.db, groups.session)
    wished = await queries.wishes(groups.unit.db, groups.session.id, groups.models, everybody)
    rows = {row.person_id: row for row in await queries.places(groups.unit.db, groups.session.id)}
    return outcome((wished[p.id], room) for p, room in queries.seats(rows, everybody)).as_dict()


async def move(unit: Unit, key: str, public_id: str, room: str | None) -> None:
    """Put somebody into a room, or into none. Raises ConferenceError ``breakouts.full``, NotFound."""
    groups = await _Groups.of(unit, key)
    place = await groups.place(await groups.participant(public_id))
    if room is not None and place.room != room:
        await groups.check_seat(room)
    await groups.seat({place: room})


async def lock(unit: Unit, key: str, public_id: str, *, locked: bool) -> None:
    """Keep somebody's place when places are given out anew, or no longer."""
    groups = await _Groups.of(unit, key)
    place = await groups.place(await groups.participant(public_id))
    if place.locked != locked:
        place.locked = locked
        await groups.tell_seats([place], ())


async def resize(unit: Unit, key: str, room: str, capacity: int) -> None:
    """Give a room another capacity. Raises ConferenceError ``breakouts.full`` when more have a place there."""
    groups = await _Groups.of(unit, key)
    row = groups.room(room)
    if (await queries.taken(unit.db, groups.session.id)).get(room, 0) > capacity:
        raise ConferenceError("breakouts.full", "In dieser Gruppe haben schon mehr Personen einen Platz.")
    row.capacity = capacity
    await unit.db.flush()
    await unit.tell(key, await groups.rooms_fact())


async def allow(unit: Unit, key: str, *, swaps: bool, choosing: bool) -> None:
    """Say whether people may exchange places, and choose rooms themselves, until the start."""
    groups = await _Groups.of(unit, key)
    groups.round.swaps, groups.round.choosing = swaps, choosing
    await groups.tell_round()


async def choose(unit: Unit, key: str, person: Person, room: str) -> None:
    """Take a free place oneself.

    Raises:
        ConferenceError: ``breakouts.not_now``, ``breakouts.locked``, ``breakouts.full``.
    """
    groups = await _Groups.of(unit, key)
    place = await _own_place(groups, person, allowed=groups.round.choosing)
    if place.room != groups.room(room).key:
        await groups.check_seat(room)
        await groups.seat({place: room})


async def swap(unit: Unit, key: str, person: Person, room: str | None) -> bool:
    """Offer one's place for one in another room (None: no longer); whether somebody there wanted just that.

    Raises:
        ConferenceError: ``breakouts.not_now``, ``breakouts.locked``, ``breakouts.no_room``.
    """
    groups = await _Groups.of(unit, key)
    place = await _own_place(groups, person, allowed=groups.round.swaps)
    if place.room is None:
        raise ConferenceError("breakouts.no_room", "Sie haben noch keinen Platz zum Tauschen.")
    if room is None or room == place.room:
        place.wanted = None
        await groups.tell_seats([place], ())
        return False
    groups.room(room)
    others = await queries.places(unit.db, groups.session.id, room)
    match = next((o for o in others if o.wanted == place.room and not o.locked and not o.staff), None)
    if match is None:
        place.wanted = room
        await groups.tell_seats([place], ())
        return False
    await groups.seat({place: match.room, match: place.room})
    return True


async def _own_place(groups: _Groups, person: Person, *, allowed: bool) -> PlaceRow:
    if not queries.takes_place(groups.session, person):
        raise ConferenceError("breakouts.staff", "Die Moderation bekommt keinen Platz zugeteilt.")
    if not allowed or groups.phase not in BEFORE:
        raise ConferenceError("breakouts.not_now", "Das ist jetzt nicht möglich.")
    place = await groups.place(person)
    if place.locked:
        raise ConferenceError("breakouts.locked", "Ihr Platz wurde von der Moderation festgelegt.")
    return place


# --- start, time, end -------------------------------------------------------------------------------------------------


async def start(unit: Unit, key: str, minutes: int) -> None:
    """Announce the rooms: in 20 s they open, for so many minutes. The session runs from now on.

    Raises:
        ConferenceError: ``breakouts.move``, ``breakouts.called`` when other groups run, ``session.move``.
    """
    if not 1 <= minutes <= MAX_MINUTES:
        raise BadRequest(f"Bitte 1 bis {MAX_MINUTES} Minuten angeben.")
    groups = await _Groups.of(unit, key)
    if any(other != key for _, other in await queries.running(unit.db)):
        raise ConferenceError("breakouts.called", "Es laufen schon andere Arbeitsgruppen.")
    MOVES.check(groups.phase, Phase.ANNOUNCED)
    await agenda.move(unit, key, State.LIVE)
    found = groups.round
    found.phase, found.closing = Phase.ANNOUNCED.value, False
    found.opens_at = unit.now + timedelta(seconds=ANNOUNCED_SECONDS)
    found.ends_at = found.opens_at + timedelta(minutes=minutes)
    stayed = [row for row in await queries.places(unit.db, groups.session.id) if row.staying]
    for row in stayed:
        row.staying = False
    await groups.tell_seats(stayed, ())
    await groups.tell_round()
    await unit.tell(DAY, BreakoutsCalled(key, iso(found.opens_at)))


async def cancel(unit: Unit, key: str) -> None:
    """Take the announcement back. Raises ConferenceError ``breakouts.move``."""
    groups = await _Groups.of(unit, key)
    MOVES.check(groups.phase, Phase.PREPARING)
    groups.round.phase, groups.round.opens_at, groups.round.ends_at = Phase.PREPARING.value, None, None
    await groups.tell_round()
    await unit.tell(DAY, BreakoutsCalled(key, None))


async def extend(unit: Unit, key: str, minutes: int) -> None:
    """Move the end while the rooms are open; a minute from now at the earliest.

    Raises:
        ConferenceError: ``breakouts.closed``.
    """
    if minutes == 0 or abs(minutes) > MAX_MINUTES:
        raise BadRequest(f"Bitte um 1 bis {MAX_MINUTES} Minuten verschieben.")
    groups = await _Groups.of(unit, key)
    found = groups.round
    if groups.phase not in (Phase.ANNOUNCED, Phase.OPEN) or found.ends_at is None:
        raise ConferenceError("breakouts.closed", "Die Gruppen sind nicht geöffnet.")
    earliest = max(unit.now, found.opens_at or unit.now) + timedelta(seconds=RECALL_SECONDS)
    found.ends_at = max(earliest, max(found.ends_at, unit.now) + timedelta(minutes=minutes))
    found.closing = False
    await groups.tell_round()


async def recall(unit: Unit, key: str) -> None:
    """Call everybody back: the rooms close in 60 s. Raises ConferenceError ``breakouts.closed``."""
    groups = await _Groups.of(unit, key)
    if groups.phase is not Phase.OPEN:
        raise ConferenceError("breakouts.closed", "Die Gruppen sind nicht geöffnet.")
    end = unit.now + timedelta(seconds=RECALL_SECONDS)
    if groups.round.closing and groups.round.ends_at and groups.round.ends_at <= end:
        return
    groups.round.ends_at, groups.round.closing = min(end, groups.round.ends_at or end), True
    await groups.tell_round()


async def follow(unit: Unit, key: str, *, speaking: bool) -> None:
    """Do what is due by the clock: open the rooms, close them; a sentence being spoken is waited for a little."""
    groups = await _Groups.of(unit, key)
    found = groups.round
    if groups.phase is Phase.ANNOUNCED and found.opens_at and unit.now >= found.opens_at:
        found.phase = Phase.OPEN.value
        await groups.tell_round()
    patience = timedelta(seconds=GRACE_SECONDS if speaking else 0)
    if groups.phase is Phase.OPEN and found.ends_at and unit.now >= found.ends_at + patience:
        await _close(groups)


async def end(unit: Unit, key: str) -> None:
    """The session is over: rooms that are open close, an announcement is taken back."""
    session = await sessions.session(unit.db, key)
    if session.kind != "breakouts":
        return
    groups = await _Groups.of(unit, key)
    if groups.phase is Phase.ANNOUNCED:
        await cancel(unit, key)
    elif groups.phase is Phase.OPEN:
        await _close(groups)


async def _close(groups: _Groups) -> None:
    """Everybody is back in the plenary; staff visit no room any more, microphones, cameras and hands are down."""
    unit, found = groups.unit, groups.round
    found.phase, found.ends_at, found.closing = Phase.CLOSED.value, unit.now, False
    changed = []
    for row in await queries.places(unit.db, groups.session.id):
        if row.audio or row.video or row.hand or row.staying or (row.staff and row.room):
            changed.append((row, row.room))
            row.audio = row.video = row.staying = False
            row.hand, row.called = None, False
            row.room = None if row.staff else row.room
    helps = await queries.waiting(unit.db, groups.session.id)
    for call in helps:
        call.done = True
    await presence.unseat(unit, groups.session.id)
    await groups.tell_seats([row for row, _ in changed], {room for _, room in changed})
    await groups.tell_round()
    if helps:
        await unit.tell(groups.key, *(BreakoutsHelp(call.room, None) for call in helps))
    await unit.tell(DAY, BreakoutsCalled(groups.key, None))


# --- in the rooms -----------------------------------------------------------------------------------------------------


async def stay(unit: Unit, key: str, person: Person, *, staying: bool) -> None:
    """Stay in the plenary while the others go, or go after all."""
    groups = await _Groups.of(unit, key)
    place = await groups.place(person)
    if place.staying == staying:
        return
    place.staying = staying
    if staying:
        place.audio = place.video = False
        place.hand, place.called = None, False
        await presence.unseat(unit, groups.session.id, person.id)
    await groups.tell_seats([place], [place.room])
    await unit.tell(DAY, BreakoutsStayed(key, staying, person.public_id))


@dataclass(frozen=True)
class Entering:
    """A page that goes into the room of its person."""

    session: str
    person: Person
    visit: str


async def enter(unit: Unit, entering: Sequence[Entering]) -> list[str | None]:
    """Go into the rooms where people belong, and be present there; which they are, None for nobody's.

    Staff go into the room that they moderate until they visit another. Latecomers get a place in the emptiest room.

    Raises:
        ConferenceError: ``breakouts.closed``, ``breakouts.full``: nobody of these has entered.
    """
    known = {key: await _Groups.of(unit, key) for key in {one.session for one in entering}}
    return [await _enter(known[one.session], one.person, one.visit) for one in entering]


async def _enter(groups: _Groups, person: Person, visit: str) -> str | None:
    unit = groups.unit
    if groups.phase is not Phase.OPEN:
        raise ConferenceError("breakouts.closed", "Die Gruppen sind nicht geöffnet.")
    place = await groups.place(person)
    if place.staying:
        await stay(unit, groups.key, person, staying=False)
    if place.room is None and place.staff and place.home:
        await groups.seat({place: place.home})
    elif place.room is None and not place.staff:
        room = emptiest(groups.models, await queries.taken(unit.db, groups.session.id))
        if room is None:
            raise ConferenceError("breakouts.full", "Alle Gruppen sind voll. Bitte wenden Sie sich an die Moderation.")
        await groups.seat({place: room})
        place.late = True
        await groups.tell_seats([place], ())
    await presence.seat(unit, groups.session.id, person.id, visit, place.room or "")
    return place.room


async def leave(unit: Unit, key: str, person: Person, visit: str) -> None:
    """Be present in the plenary again, and no longer in a room."""
    groups = await _Groups.of(unit, key)
    await presence.seat(unit, groups.session.id, person.id, visit, "")


async def visit(unit: Unit, key: str, person: Person, room: str | None) -> None:
    """Staff goes to a room, seen by those in it, or back to none. Raises NotAllowed, ``breakouts.closed``."""
    groups = await _Groups.of(unit, key)
    if not may(groups.session.role_of(person), Permission.MODERATE):
        raise NotAllowed()
    if room is not None:
        groups.room(room)
        if groups.phase is not Phase.OPEN:
            raise ConferenceError("breakouts.closed", "Die Gruppen sind nicht geöffnet.")
    place = await groups.place(person)
    place.staff = True
    if room is not None and place.staying:
        await stay(unit, key, person, staying=False)
    await groups.seat({place: room})


async def set_tracks(
    unit: Unit, key: str, actor: Person, public_id: str | None, *, audio: bool | None, video: bool | None
) -> None:
    """Switch one's own microphone and camera; staff may switch others off (nobody is opened by others).

    None leaves it as it is: who presses two buttons in a row takes nothing back of the first.

    Raises:
        NotAllowed, NotFound; ConferenceError ``breakouts.closed``, ``breakouts.no_room``.
    """
    groups = await _Groups.of(unit, key)
    person = actor
    if public_id not in (None, actor.public_id):
        if not may(groups.session.role_of(actor), Permission.MODERATE):
            raise NotAllowed()
        person = await people_queries.person(unit.db, public_id or "")
    place = await groups.mine(person)
    audio, video = place.audio if audio is None else audio, place.video if video is None else video
    if person.id != actor.id and ((audio and not place.audio) or (video and not place.video)):
        raise NotAllowed("Mikrofon und Kamera kann nur die Person selbst einschalten.")
    if (place.audio, place.video) != (audio, video):
        place.audio, place.video = audio, video
        await _tell_person(groups, place)


async def set_hand(unit: Unit, key: str, person: Person, *, up: bool) -> None:
    """Raise one's hand, or lower it: whoever had the word gives it back.

    Raises:
        ConferenceError: ``breakouts.closed``, ``breakouts.no_room``.
    """
    groups = await _Groups.of(unit, key)
    place = await groups.mine(person)
    if (place.hand is not None) != up:
        place.hand, place.called = unit.now if up else None, False
        await _tell_person(groups, place)


async def call_hand(unit: Unit, key: str, actor: Person, public_id: str, *, called: bool) -> None:
    """Give the word in a room to somebody whose hand is up, or take the hand down; who had it before has had the word.

    Raises:
        NotAllowed: not staff; NotFound: no such hand; ConferenceError ``breakouts.closed``, ``breakouts.no_room``.
    """
    groups = await _Groups.of(unit, key)
    if not may(groups.session.role_of(actor), Permission.MODERATE):
        raise NotAllowed()
    place = await groups.mine(await people_queries.person(unit.db, public_id))
    if place.hand is None:
        if called:
            raise NotFound("Diese Wortmeldung")
        return
    if called and place.called:
        return
    for other in await queries.places(unit.db, groups.session.id, place.room):
        if called and other.called:
            other.hand, other.called = None, False
            await _tell_person(groups, other)
    place.hand, place.called = (place.hand, True) if called else (None, False)
    await _tell_person(groups, place)


async def _tell_person(groups: _Groups, place: PlaceRow) -> None:
    await groups.unit.db.flush()
    await groups.unit.tell(groups.key, BreakoutsPerson(place.room or "", queries.person_view(place)))


async def message(unit: Unit, key: str, person: Person, room: str | None, text: str) -> None:
    """Tell all rooms something, or one. Raises BadRequest, NotFound."""
    groups = await _Groups.of(unit, key)
    if room is not None:
        groups.room(room)
    words = " ".join(text.split())
    if not words:
        raise BadRequest("Die Nachricht ist leer.")
    row = MessageRow(session_id=groups.session.id, room=room, name=person.name, text=words, at=unit.now)
    unit.db.add(row)
    await unit.db.flush()
    await unit.tell(key, BreakoutsMessage(room, queries.message_view(row)))


# --- help -------------------------------------------------------------------------------------------------------------


async def ask_help(unit: Unit, key: str, person: Person, kind: str, text: str) -> None:
    """Ask for help, for the whole room; asking again changes what is asked and keeps the place in the queue."""
    groups = await _Groups.of(unit, key)
    place = await groups.mine(person)
    waiting = await queries.waiting(unit.db, groups.session.id)
    row = next((call for call in waiting if call.room == place.room), None)
    words = " ".join(text.split())
    if row is None:
        row = HelpRow(
            key=new_id("help", 8), session_id=groups.session.id, room=place.room or "", kind=kind, text=words,
            name=person.name, asked_at=unit.now, answer="", done=False,
        )  # fmt: skip
        unit.db.add(row)
    elif (row.kind, row.text) == (kind, words):
        return
    else:
        row.kind, row.text, row.name = kind, words, person.name
    await _tell_queue(groups, {row.room})


async def withdraw_help(unit: Unit, key: str, person: Person) -> None:
    """The room needs no help any more."""
    groups = await _Groups.of(unit, key)
    place = await groups.mine(person)
    for row in await queries.waiting(unit.db, groups.session.id):
        if row.room == place.room:
            await _finish(groups, row)


async def answer_help(unit: Unit, key: str, call: str, text: str, *, done: bool) -> None:
    """Answer a room's call (*Ich komme gleich*), or strike it off. Raises NotFound, BadRequest."""
    groups = await _Groups.of(unit, key)
    row = next((r for r in await queries.waiting(unit.db, groups.session.id) if r.key == call), None)
    if row is None:
        raise NotFound("Diese Bitte um Hilfe")
    if done:
        await _finish(groups, row)
        return
    words = " ".join(text.split())
    if not words:
        raise BadRequest("Die Antwort ist leer.")
    row.answer = words
    await _tell_queue(groups, {row.room})


async def _finish(groups: _Groups, row: HelpRow) -> None:
    row.done = True
    await groups.unit.tell(groups.key, BreakoutsHelp(row.room, None))
    await _tell_queue(groups, set())


async def _tell_queue(groups: _Groups, changed: Collection[str]) -> None:
    """Tell those whose call changed, and those who wait, their place."""
    await groups.unit.db.flush()
    views = queries.help_views(await queries.waiting(groups.unit.db, groups.session.id))
    told = [BreakoutsHelp(v["room"], v) for v in views if v["room"] in changed or v["place"] is not None]
    if told:
        await groups.unit.tell(groups.key, *told)
