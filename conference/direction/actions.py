"""Verbs on the run of show: the next cue, back, skip, shift the times, edit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from conference.core.clock import from_iso, iso
from conference.core.errors import BadRequest, ConferenceError, NotAllowed
from conference.core.facts import DAY
from conference.core.roles import Permission, may
from conference.direction import doing, queries
from conference.direction.facts import DirectionListed, DirectionStepped, PartTaken
from conference.direction.model import (
    CUES,
    LONGEST_MINUTES,
    Cue,
    Kind,
    State,
    check,
    derive,
    find,
    first_waiting,
    happened,
    merge,
    once_more,
    overtaken,
    planned,
    put,
)
from conference.direction.tables import CueRow, DirectionRow
from conference.films import actions as films
from conference.pauses import actions as pauses
from conference.people.model import Person
from conference.polls.tables import PollRow
from conference.sessions import queries as sessions
from conference.sessions.actions import agenda
from conference.sessions.model import State as SessionState
from conference.sessions.model import belongs_now
from conference.store.facts_log import upsert
from conference.store.unit import Unit

_MODERATORS = "Diesen Schritt macht, wer die Veranstaltung moderiert."


async def prepare(unit: Unit) -> None:
    """Make the run of show of the programme, or take a changed programme over; pages are told by the import."""
    await _state(unit)
    known = {row.key: row for row in (await unit.db.execute(select(CueRow).order_by(CueRow.position))).scalars()}
    fresh = derive(await sessions.agenda(unit.db), await queries.prepared_polls(unit.db))
    removed = {row.key for row in known.values() if row.removed}
    run = merge([row.to_model() for row in known.values() if not row.removed], fresh, removed)
    gone = set(known) - {cue.key for cue in run} - removed
    await unit.db.execute(delete(CueRow).where(CueRow.key.in_(gone)))
    await _keep(unit, run, known)


async def advance(unit: Unit, step: int, person: Person, *, sure: bool = False) -> bool:
    """Do the next cue, and pass over those behind it that are so already: the one that waits then has something to do.

    Args:
        step: as the page saw it.
        sure: whether the person was asked already where a cue is easily regretted.

    Returns:
        Whether it was this press that did it: the same press twice is harmless.

    Raises:
        ConferenceError: ``direction.done`` when somebody else was quicker, ``direction.end`` when all is done,
            ``direction.unplaced`` when working groups would start with people who have none, ``direction.voted`` when
            a poll would be opened that people have voted in, and what the cue's own verb raises. NotAllowed where the
            person does not moderate.
    """
    show = await _claim(unit, step, person)
    if show is None:
        return False
    row = await _next(unit)
    item = await _moderated(unit, row.session, person)
    if row.kind == Kind.GROUPS_START and not sure:
        await doing.check_everybody_placed(unit, item)
    if row.kind == Kind.POLL_OPEN and not sure:
        await doing.check_nobody_voted(unit, row.to_model())
    due = planned(Kind(row.kind), item)
    undo = await doing.do(unit, show, row.to_model())
    row.undo = {**undo, "drift": show.drift, "step": show.step}
    if due is not None:
        row.late = show.drift = round((unit.now - due).total_seconds())
    _mark(unit, show, row, State.DONE)
    await _tell_step(unit, show, row, await _pass_over(unit, show))
    return True


async def skip(unit: Unit, step: int, person: Person) -> bool:
    """Leave the next cue out, and pass over those behind it that are so already. Raises as `advance`."""
    show = await _claim(unit, step, person)
    if show is None:
        return False
    row = await _next(unit)
    await _moderated(unit, row.session, person)
    row.undo = {"drift": show.drift, "step": show.step}
    _mark(unit, show, row, State.SKIPPED)
    await _tell_step(unit, show, row, await _pass_over(unit, show))
    return True


async def undo(unit: Unit, step: int, person: Person) -> bool:
    """Take the last cue back, with all that were passed over in the same step.

    Raises:
        ConferenceError: ``direction.done``, ``direction.beginning``; ``direction.no_undo`` with the reason.
    """
    show = await _claim(unit, step, person)
    if show is None:
        return False
    rows = await queries.cues(unit.db)
    at = first_waiting([row.to_model() for row in rows])
    if at == 0:
        raise ConferenceError("direction.beginning", "Es ist noch nichts geschehen.")
    last = rows[at - 1]
    together = [row for row in rows[:at] if row is last or queries.step_of(row) == queries.step_of(last) is not None]
    pressed = [row for row in together if not queries.was_passed(row)]
    await _moderates_one(unit, pressed or together, person)
    for row in reversed(together):
        kept = dict(row.undo or {})
        drift = kept.pop("drift", show.drift)
        done = {what: value for what, value in kept.items() if what not in ("step", "passed")}
        if row.state == State.DONE:
            await doing.take_back(unit, show, row.to_model(), done)
        show.drift = drift
        row.undo, row.late = None, None
        _mark(unit, show, row, State.WAITING)
    head = (pressed or together)[-1]
    await _tell_step(unit, show, head, [row for row in together if row is not head])
    return True


async def move_session(unit: Unit, key: str, to: SessionState, person: Person) -> None:
    """Move a session by hand; the run of show keeps up, unless it is a move back. Raises as `doing.move_session`."""
    order = list(SessionState)
    was = SessionState((await sessions.row(unit.db, key)).state)
    await doing.move_session(unit, key, to)
    if order.index(to) > order.index(was):
        await keep_up(unit, person, key)


async def keep_up(unit: Unit, person: Person, moved: str | None = None) -> None:
    """Pass over what somebody made so by hand, up to the first cue that waits on. All of it is one step.

    What is so already counts as done, whoever moderates it; nothing is done for it, so that taking it back lets it
    wait again and changes nothing else. Where something was started or ended, what can come no more is skipped.

    Args:
        person: who did it.
        moved: key of the session in which something was started or ended.
    """
    await _lock(unit)
    show = await unit.db.get_one(DirectionRow, 1, populate_existing=True)
    before = show.step, show.by, show.by_name
    show.step, show.by, show.by_name = show.step + 1, person.public_id, person.name
    if passed := await _pass_over(unit, show, moved):
        await _tell_step(unit, show, passed[-1], passed[:-1])
    else:
        show.step, show.by, show.by_name = before


async def _pass_over(unit: Unit, show: DirectionRow, moved: str | None = None) -> list[CueRow]:
    """Pass over the cues that have nothing left to do, in the present step; which they are.

    Those that can come no more only where something was started or ended (`moved`).
    """
    day = await sessions.agenda(unit.db)
    items = {item.key: item for item in day}
    rows = await queries.cues(unit.db)
    run = [row.to_model() for row in rows]
    first = first_waiting(run)
    for at in range(first, len(run)):
        cue, row, item = run[at], rows[at], items[run[at].session]
        if await doing.is_gone(unit, cue):
            state: State | None = State.SKIPPED
        elif await doing.is_so(unit, show, cue, again=once_more(run, at)):
            state = State.DONE
        else:
            state = overtaken(run, at, day) if moved else None
        if state is None:
            return rows[first:at]
        row.undo = {"drift": show.drift, "step": show.step, "passed": True}
        due, since = planned(cue.kind, item), happened(cue.kind, item, unit.now, moved=cue.session == moved)
        if state is State.DONE and due is not None and since is not None:
            row.late = show.drift = round((since - due).total_seconds())
        _mark(unit, show, row, state)
    return rows[first:]


async def shift(unit: Unit, step: int, minutes: int, person: Person) -> bool:
    """Shift what runs and all that follows. Of two at once one counts. Raises as `advance` and `agenda.shift`."""
    show = await _claim(unit, step, person)
    if show is None:
        return False
    key = belongs_now(await sessions.agenda(unit.db))
    if key is None:
        raise ConferenceError("direction.end", "Der Tag ist zu Ende.")
    await _moderated(unit, key, person)
    await shift_day(unit, key, minutes, following=True)
    return True


async def shift_day(unit: Unit, key: str, minutes: int, *, following: bool) -> None:
    """Move times, with all that hangs on them: pauses, the part that is on, how late the day is."""
    await agenda.shift(unit, key, minutes, following)
    await pauses.follow_agenda(unit, key, minutes, following)
    show = await queries.state(unit.db)
    if show is None:
        return
    part = show.part
    if part and part["session"] == key and part["until"]:
        until = from_iso(part["until"]) + timedelta(minutes=minutes)
        show.part = {**part, "until": iso(until)}
        await unit.tell(DAY, PartTaken(show.part))
    if following:
        show.drift -= minutes * 60
    await unit.tell(DAY, DirectionStepped(show.step, show.by_name, show.drift, None, []))


async def end_part(unit: Unit, key: str) -> None:
    """The part that is on is over: its speakers leave the stage, its film ends. Again it is harmless.

    Raises:
        ConferenceError: ``direction.no_part``; NotFound.
    """
    show = await _state(unit)
    if not show.part or show.part["session"] != key:
        raise ConferenceError("direction.no_part", "Hier läuft gerade kein Teil des Programms.")
    await doing.end_part(unit, show)


async def end_film(unit: Unit, key: str, part: str) -> None:
    """A film has run to its end, or was stopped: the stage returns by itself."""
    if await films.stop(unit, key, part):
        show = await _state(unit)
        if show.part and (show.part["session"], show.part["part"]) == (key, part):
            await doing.end_part(unit, show)


async def say(unit: Unit, text: str) -> None:
    """Show words to everybody at once; none takes them back."""
    show = await _state(unit)
    text = " ".join(text.split())
    if text or show.message:
        await doing.say(unit, show, text)


async def show_on_screen(unit: Unit, screen: str) -> None:
    """Choose what the hall's screens show (one of `SCREENS`); the same again is harmless."""
    await doing.set_screen(unit, await _state(unit), screen)


# --- editing --------------------------------------------------------------------------------------------------------


async def add(unit: Unit, cue: Cue, before: str | None, person: Person) -> None:
    """Put a cue in; the same key again is harmless.

    Raises:
        ConferenceError: ``direction.invalid``, ``direction.full``, ``direction.past``; NotFound.
    """
    await _lock(unit)
    if await unit.db.get(CueRow, cue.key):
        return
    await _moderated(unit, cue.session, person)
    cue = await _checked(unit, cue)
    rows = await queries.cues(unit.db)
    if len(rows) >= CUES:
        raise ConferenceError("direction.full", f"Mehr als {CUES} Schritte sind nicht vorgesehen.")
    await _arrange(unit, put([row.to_model() for row in rows], cue, before), rows)


async def move(unit: Unit, key: str, before: str | None, person: Person) -> None:
    """Put a waiting cue in front of another, or at the end. Raises ConferenceError ``direction.past``; NotFound."""
    await _lock(unit)
    rows = await queries.cues(unit.db)
    run = [row.to_model() for row in rows]
    cue = find(run, key)
    await _moderated(unit, cue.session, person)
    await _arrange(unit, put(run, cue, before), rows)


async def edit(unit: Unit, key: str, text: str, minutes: int | None, person: Person) -> None:
    """Change a waiting cue's words or length. Raises ConferenceError ``direction.past``, ``direction.invalid``."""
    await _lock(unit)
    rows = await queries.cues(unit.db)
    run = [row.to_model() for row in rows]
    cue = find(run, key)
    await _moderated(unit, cue.session, person)
    words = " ".join(text.split()) if cue.kind is Kind.MESSAGE else cue.text
    changed = await _checked(unit, replace(cue, text=words, minutes=minutes))
    await _arrange(unit, [changed if other.key == key else other for other in run], rows)


async def remove(unit: Unit, key: str, person: Person) -> None:
    """Take a waiting cue out. Raises ConferenceError ``direction.past``; NotFound."""
    await _lock(unit)
    rows = await queries.cues(unit.db)
    cue = find([row.to_model() for row in rows], key)
    await _moderated(unit, cue.session, person)
    for row in rows:
        if row.key == key and row.own:
            await unit.db.delete(row)
        elif row.key == key:
            row.removed = True
    await unit.db.flush()
    await _tell_list(unit)


async def _checked(unit: Unit, cue: Cue) -> Cue:
    """The cue as it may stand in the run of show, with the title of what it is about."""
    if cue.minutes is not None and not 1 <= cue.minutes <= LONGEST_MINUTES:
        raise BadRequest(f"Bitte 1 bis {LONGEST_MINUTES} Minuten angeben.")
    item = await sessions.session(unit.db, cue.session)
    query = select(PollRow.key, PollRow.question).where(PollRow.session_id == item.id)
    polls = dict((await unit.db.execute(query)).all())
    check(cue, item, polls)
    titles = {**polls, **{part.key: part.title for part in item.parts}}
    return replace(cue, text=cue.text if cue.kind is Kind.MESSAGE else titles.get(cue.target, ""))


async def _arrange(unit: Unit, run: Sequence[Cue], rows: Sequence[CueRow]) -> None:
    await _keep(unit, run, {row.key: row for row in rows})
    await _tell_list(unit)


async def _keep(unit: Unit, run: Sequence[Cue], known: dict[str, CueRow]) -> None:
    for position, cue in enumerate(run):
        row = known.get(cue.key) or CueRow(key=cue.key)
        row.take(cue, position)
        unit.db.add(row)
    await unit.db.flush()


async def _tell_list(unit: Unit) -> None:
    await unit.tell(DAY, DirectionListed([queries.cue_view(row) for row in await queries.cues(unit.db)]))


# --- what all of them do --------------------------------------------------------------------------------------------


async def _state(unit: Unit) -> DirectionRow:
    fresh = {"id": 1, "step": 0, "drift": 0, "screen": "auto", "messages": 0, "by_name": ""}
    await unit.db.execute(upsert(unit.db)(DirectionRow).values(**fresh).on_conflict_do_nothing())
    return await unit.db.get_one(DirectionRow, 1)


async def _lock(unit: Unit) -> None:
    """One editor at a time, in every database."""
    await _state(unit)
    await unit.db.execute(update(DirectionRow).values(step=DirectionRow.step))


async def _claim(unit: Unit, step: int, person: Person) -> DirectionRow | None:
    """Take the step that a page saw; None when this person took it already.

    Raises:
        ConferenceError: ``direction.done`` when somebody else did.
    """
    await _state(unit)
    values = {"step": step + 1, "by": person.public_id, "by_name": person.name}
    query = update(DirectionRow).where(DirectionRow.id == 1, DirectionRow.step == step).values(**values)
    taken: Any = await unit.db.execute(query.execution_options(synchronize_session=False))
    show = await unit.db.get_one(DirectionRow, 1, populate_existing=True)
    if taken.rowcount == 1:
        return show
    if show.by == person.public_id and show.step == step + 1:
        return None
    raise ConferenceError("direction.done", f"Schon geschehen, von {show.by_name or 'jemand anderem'}.")


async def _next(unit: Unit) -> CueRow:
    rows = await queries.cues(unit.db)
    at = first_waiting([row.to_model() for row in rows])
    if at == len(rows):
        raise ConferenceError("direction.end", "Alle Schritte sind geschehen.")
    return rows[at]


async def _moderated(unit: Unit, key: str, person: Person) -> Any:
    """The session of a cue. Raises NotAllowed where the person does not moderate, NotFound."""
    item = await sessions.session(unit.db, key)
    if not may(item.role_of(person), Permission.MODERATE):
        raise NotAllowed(_MODERATORS)
    return item


async def _moderates_one(unit: Unit, rows: Sequence[CueRow], person: Person) -> None:
    """Raise NotAllowed where the person moderates none of the cues' sessions."""
    for row in rows:
        with suppress(NotAllowed):
            await _moderated(unit, row.session, person)
            return
    raise NotAllowed(_MODERATORS)


def _mark(unit: Unit, show: DirectionRow, row: CueRow, state: State) -> None:
    """Write down what became of a cue, and who did it."""
    row.state = state.value
    row.done_at, row.done_by = (None, "") if state is State.WAITING else (unit.now, show.by_name)


async def _tell_step(unit: Unit, show: DirectionRow, row: CueRow, more: Sequence[CueRow]) -> None:
    """Tell what became of a cue, and of those that went with it."""
    await unit.db.flush()
    others = [queries.cue_view(other) for other in more]
    await unit.tell(DAY, DirectionStepped(show.step, show.by_name, show.drift, queries.cue_view(row), others))
