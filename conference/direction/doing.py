"""What the cues do to the day, and how it is taken back: each calls the verbs that buttons elsewhere call."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from conference.breakouts import actions as breakouts
from conference.breakouts import queries as breakout_queries
from conference.breakouts.boards import actions as boards
from conference.breakouts.model import Phase
from conference.core.clock import iso
from conference.core.errors import ConferenceError
from conference.core.facts import DAY
from conference.direction.facts import MessageShown, PartTaken, ScreenSet
from conference.direction.model import Cue, Kind
from conference.direction.tables import DirectionRow
from conference.films import actions as films
from conference.pauses import actions as pauses
from conference.pauses import queries as pause_queries
from conference.polls import actions as polls
from conference.polls import queries as poll_queries
from conference.polls.model import State as PollState
from conference.questions import actions as questions
from conference.sessions import queries as sessions
from conference.sessions.actions import agenda, stage
from conference.sessions.model import GOING_ON, Session, Source, State
from conference.sessions.tables import SessionRow, StageRow
from conference.store.unit import Unit

Undo = dict[str, Any]
"""What is needed to take a cue back. ``{}``: nothing was done, for it was so already."""


async def move_session(unit: Unit, key: str, to: State) -> None:
    """Move a session with everything that hangs on it: polls, groups, pauses. Raises as `agenda.move`."""
    if to is State.ENDED:
        await polls.close_open(unit, key)
        await questions.lower(unit, key, None)
    if to is not State.LIVE:
        await breakouts.end(unit, key)
        await pauses.close(unit, key)
        await films.stop(unit, key)
    await agenda.move(unit, key, to)
    if to is State.LIVE:
        await pauses.begin_with(unit, key)


async def do(unit: Unit, show: DirectionRow, cue: Cue) -> Undo:
    """Do what a cue says; where it is so already nothing happens. Raises what the verbs raise."""
    return await _DO[cue.kind](unit, show, cue)


async def take_back(unit: Unit, show: DirectionRow, cue: Cue, undo: Undo) -> None:
    """Take back what a cue did.

    Raises:
        ConferenceError: ``direction.no_undo``, with the reason.
    """
    if undo:
        await _UNDO[cue.kind](unit, show, cue, undo)


async def is_so(unit: Unit, show: DirectionRow, cue: Cue, *, again: bool) -> bool:
    """Whether what a cue asks for is so without it. What is over was so, unless the cue asks for it once more.

    A poll that was closed may be opened again; that it was is no reason to leave it out.
    """
    row = await sessions.row(unit.db, cue.session)
    begun = (State.LIVE,) if again else (State.LIVE, State.ENDED)
    match cue.kind:
        case Kind.BACKSTAGE:
            return row.state in (State.BACKSTAGE, *begun)
        case Kind.START:
            return row.state in begun
        case Kind.END:
            return row.state == State.ENDED
        case Kind.PAUSE_START:
            return await pause_queries.running(unit.db, row.id) is not None
        case Kind.PAUSE_END:
            return await pause_queries.over(unit.db, row.id)
        case Kind.GROUPS_START:
            phase = await _phase(unit, row)
            return phase in (Phase.ANNOUNCED, Phase.OPEN) or (phase is Phase.CLOSED and not again)
        case Kind.GROUPS_RECALL:
            found = await breakout_queries.round_row(unit.db, row.id)
            return found.closing or found.phase == Phase.CLOSED
        case Kind.POLL_OPEN:
            return await _poll_state(unit, cue) is PollState.OPEN
        case Kind.POLL_CLOSE:
            return await _poll_state(unit, cue) in (PollState.CLOSED, PollState.PUBLISHED)
        case Kind.POLL_SHOW:
            return await _poll_state(unit, cue) is PollState.PUBLISHED
        case Kind.PROGRAMME:
            feeds = [e for e in await sessions.stage(unit.db, row.id) if e.source == Source.PROGRAMME]
            return any(entry.slot is not None for entry in feeds)
        case Kind.SCREEN:
            return show.screen == cue.target
    return False


async def is_gone(unit: Unit, cue: Cue) -> bool:
    """Whether the poll that a cue is about was thrown away."""
    if cue.kind not in (Kind.POLL_OPEN, Kind.POLL_CLOSE, Kind.POLL_SHOW):
        return False
    row = await sessions.row(unit.db, cue.session)
    return not await poll_queries.exists(unit.db, row.id, cue.target)


def _never(reason: str) -> ConferenceError:
    return ConferenceError("direction.no_undo", reason)


# --- sessions -------------------------------------------------------------------------------------------------------


async def _move(unit: Unit, cue: Cue, to: State) -> Undo:
    was = State((await sessions.row(unit.db, cue.session)).state)
    if was is to:
        return {}
    await move_session(unit, cue.session, to)
    return {"was": was.value}


async def _open_backstage(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    row = await sessions.row(unit.db, cue.session)
    return {} if row.state == State.LIVE else await _move(unit, cue, State.BACKSTAGE)


async def _start(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    return await _move(unit, cue, State.LIVE)


async def _end(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    return await _move(unit, cue, State.ENDED)


async def _close_backstage(unit: Unit, _show: DirectionRow, cue: Cue, undo: Undo) -> None:
    row = await sessions.row(unit.db, cue.session)
    if await sessions.stage(unit.db, row.id):
        raise _never("Backstage sind schon Menschen; sie würden hinausgeworfen.")
    if row.state == State.BACKSTAGE:
        await move_session(unit, cue.session, State(undo["was"]))


async def _unstart(unit: Unit, _show: DirectionRow, cue: Cue, undo: Undo) -> None:
    await _stop(unit, cue.session, State(undo["was"]))


async def _stop(unit: Unit, key: str, was: State) -> None:
    """A session that was started by mistake goes back to where it was; who came backstage stays there."""
    row = await sessions.row(unit.db, key)
    if row.state != State.LIVE:
        return
    await move_session(unit, key, State.ENDED if was is State.ENDED else State.BACKSTAGE)
    if was is State.PLANNED and not await sessions.stage(unit.db, row.id):
        await move_session(unit, key, State.PLANNED)


async def _unend(unit: Unit, _show: DirectionRow, cue: Cue, _undo: Undo) -> None:
    row = await sessions.row(unit.db, cue.session)
    if row.kind in (*pauses.PAUSE_KINDS, "breakouts"):
        raise _never("Was hier lief, ist abgeschlossen. Bitte neu starten, wenn es weitergehen soll.")
    if row.state == State.ENDED:
        await move_session(unit, cue.session, State.LIVE)


# --- the stage ------------------------------------------------------------------------------------------------------


async def _hand_over(unit: Unit, show: DirectionRow, cue: Cue) -> Undo:
    return await _take_part(unit, show, cue, production=False)


async def _boards(unit: Unit, show: DirectionRow, cue: Cue) -> Undo:
    """Hand over to the part in which the groups' boards are shown: the first of them rises."""
    return await _take_part(unit, show, cue, production=False, board=await boards.first(unit, cue.session))


async def _take_part(
    unit: Unit, show: DirectionRow, cue: Cue, *, production: bool, board: dict[str, Any] | None = None
) -> Undo:
    """Speakers of other parts go from the stage, those of this one who wait come on, as many as there are places.

    While the audience watches they are told ten seconds before.
    """
    item = await sessions.session(unit.db, cue.session)
    mine, others = _speakers(item, cue.target)
    entries = [e for e in await sessions.stage(unit.db, item.id) if e.source != Source.PROGRAMME]
    gone = [_named(e) for e in entries if e.slot is not None and e.person_id in others]
    came = [_named(e) for e in entries if e.slot is None and e.person_id in mine and e.source == Source.CAMERA]
    open_now = item.state in (State.BACKSTAGE, State.LIVE)
    for person, source in gone if open_now else []:
        await stage.take_off(unit, cue.session, person, Source(source))
    seconds = GOING_ON if item.state is State.LIVE else 0
    brought = await _bring(unit, cue.session, came, seconds) if open_now else []
    undo = {"part": show.part, "gone": gone if open_now else [], "came": brought}
    undo["board"] = await boards.put(unit, item.id, item.key, board)
    until = unit.now + timedelta(minutes=cue.minutes) if cue.minutes else None
    part = {"session": cue.session, "part": cue.target, "since": iso(unit.now), "until": iso(until)}
    await _set_part(unit, show, {**part, "ended": False, "production": production})
    return undo


def _speakers(item: Session, part: str) -> tuple[set[int], set[int]]:
    """Who speaks in a part; and who in others alone, without those who moderate."""
    speaks = {each.key: {speaker.person_id for speaker in each.speakers} for each in item.parts}
    mine = speaks.get(part, set())
    return mine, set().union(*speaks.values()) - mine - item.moderators


async def end_part(unit: Unit, show: DirectionRow) -> None:
    """The part that is on is over: its speakers leave the stage, its film ends."""
    part = show.part
    if part is None or part.get("ended"):
        return
    item = await sessions.session(unit.db, part["session"])
    mine = _speakers(item, part["part"])[0] - item.moderators
    for entry in await sessions.stage(unit.db, item.id):
        if entry.person_id in mine and entry.source != Source.PROGRAMME:
            person, source = entry.person.public_id, Source(entry.source)
            await stage.call_off(unit, item.key, person, source, None)
            await stage.take_off(unit, item.key, person, source)
    await films.stop(unit, item.key, part["part"])
    await boards.put(unit, item.id, item.key, None)
    await _set_part(unit, show, {**part, "until": None, "ended": True})


async def _film(unit: Unit, show: DirectionRow, cue: Cue) -> Undo:
    """Play the film of a part from its file; without one the production's picture comes on stage if it is there."""
    by_file = await films.has_file(unit, cue.session, cue.target)
    undo = await _take_part(unit, show, cue, production=not by_file)
    if by_file:
        await films.start(unit, cue.session, cue.target)
        return undo
    row = await sessions.row(unit.db, cue.session)
    waiting = [e for e in await sessions.stage(unit.db, row.id) if e.source == Source.PROGRAMME and e.slot is None]
    if waiting and row.state in (State.BACKSTAGE, State.LIVE):
        undo["programme"] = waiting[0].person.public_id
        await stage.bring_on(unit, cue.session, undo["programme"], Source.PROGRAMME)
    return undo


async def _unfilm(unit: Unit, show: DirectionRow, cue: Cue, undo: Undo) -> None:
    await films.stop(unit, cue.session, cue.target)
    if "programme" in undo:
        await _no_programme(unit, show, cue, {"person": undo["programme"]})
    await _hand_back(unit, show, cue, undo)


def _named(entry: StageRow) -> tuple[str, str]:
    return entry.person.public_id, entry.source


async def _bring(unit: Unit, key: str, waiting: list[tuple[str, str]], seconds: int) -> list[tuple[str, str]]:
    """Bring on as many as there are places for, at once or announced; who they are."""
    row = await sessions.row(unit.db, key)
    taken = {entry.slot for entry in await sessions.stage(unit.db, row.id)}
    free = sum(slot not in taken for slot in range(8))
    for person, source in waiting[:free]:
        if seconds:
            await stage.announce(unit, key, person, Source(source), seconds)
        else:
            await stage.bring_on(unit, key, person, Source(source))
    return waiting[:free]


async def _hand_back(unit: Unit, show: DirectionRow, cue: Cue, undo: Undo) -> None:
    row = await sessions.row(unit.db, cue.session)
    await boards.put(unit, row.id, cue.session, undo.get("board"))
    here = {_named(entry) for entry in await sessions.stage(unit.db, row.id)}
    for person, source in undo["came"]:
        if (person, source) in here:
            await stage.call_off(unit, cue.session, person, Source(source), None)
            await stage.take_off(unit, cue.session, person, Source(source))
    if row.state in (State.BACKSTAGE, State.LIVE):
        await _bring(unit, cue.session, [(p, s) for p, s in undo["gone"] if (p, s) in here and s == Source.CAMERA], 0)
    await _set_part(unit, show, undo["part"])


async def _set_part(unit: Unit, show: DirectionRow, part: dict[str, Any] | None) -> None:
    show.part = part
    await unit.tell(DAY, PartTaken(part))


async def _programme(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    row = await sessions.row(unit.db, cue.session)
    feeds = [e for e in await sessions.stage(unit.db, row.id) if e.source == Source.PROGRAMME]
    if not feeds:
        raise ConferenceError("direction.no_programme", "Die Regie sendet gerade kein Bild.")
    if any(entry.slot is not None for entry in feeds):
        return {}
    person, source = _named(feeds[0])
    await stage.bring_on(unit, cue.session, person, Source(source))
    return {"person": person}


async def _no_programme(unit: Unit, _show: DirectionRow, cue: Cue, undo: Undo) -> None:
    row = await sessions.row(unit.db, cue.session)
    if (undo["person"], Source.PROGRAMME.value) in {_named(e) for e in await sessions.stage(unit.db, row.id)}:
        await stage.take_off(unit, cue.session, undo["person"], Source.PROGRAMME)


# --- polls ----------------------------------------------------------------------------------------------------------


async def _poll_state(unit: Unit, cue: Cue) -> PollState:
    row = await sessions.row(unit.db, cue.session)
    return PollState((await poll_queries.poll(unit.db, row.id, cue.target)).state)


async def _open_poll(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    if await _poll_state(unit, cue) is PollState.OPEN:
        return {}
    await polls.open_poll(unit, cue.session, cue.target)
    return {"opened": True}


async def _unopen_poll(unit: Unit, _show: DirectionRow, cue: Cue, _undo: Undo) -> None:
    session = await sessions.row(unit.db, cue.session)
    row = await poll_queries.poll(unit.db, session.id, cue.target)
    if row.state != PollState.OPEN:
        return
    if (await poll_queries.live_result(unit.db, row))["voted"]:
        raise _never("Es wurde schon abgestimmt. Bitte die Umfrage schließen.")
    await polls.close(unit, cue.session, cue.target)


async def _close_poll(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    if await _poll_state(unit, cue) in (PollState.CLOSED, PollState.PUBLISHED):
        return {}
    await polls.close(unit, cue.session, cue.target)
    return {"closed": True}


async def _unclose_poll(_unit: Unit, _show: DirectionRow, _cue: Cue, _undo: Undo) -> None:
    raise _never("Die Stimmen sind gezählt. Eine neue Abstimmung beginnt, wenn die Umfrage wieder geöffnet wird.")


async def _show_poll(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    was = await _poll_state(unit, cue)
    if was is PollState.PUBLISHED:
        return {}
    if was is PollState.OPEN:
        await polls.close(unit, cue.session, cue.target)
    await polls.publish(unit, cue.session, cue.target)
    return {"shown": True}


async def _hide_poll(unit: Unit, _show: DirectionRow, cue: Cue, _undo: Undo) -> None:
    if await _poll_state(unit, cue) is PollState.PUBLISHED:
        await polls.hide(unit, cue.session, cue.target)


# --- pauses and groups ----------------------------------------------------------------------------------------------


async def _start_pause(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    row = await sessions.row(unit.db, cue.session)
    if await pause_queries.running(unit.db, row.id):
        return {}
    run = await pauses.start(unit, cue.session, cue.minutes)
    await films.hold(unit, cue.session)
    return {"run": run}


async def _unstart_pause(unit: Unit, _show: DirectionRow, cue: Cue, undo: Undo) -> None:
    row = await sessions.row(unit.db, cue.session)
    running = await pause_queries.running(unit.db, row.id)
    if running and running.run == undo["run"]:
        await pauses.close(unit, cue.session)


async def _end_pause(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    row = await sessions.row(unit.db, cue.session)
    running = await pause_queries.running(unit.db, row.id)
    if running is None:
        return {}
    await pauses.wind_up(unit, cue.session, running.run)
    return {"run": running.run}


async def _unend_pause(_unit: Unit, _show: DirectionRow, _cue: Cue, _undo: Undo) -> None:
    raise _never("Die Pause klingt schon aus. Sie lässt sich im Feld »Pause« verlängern.")


async def _phase(unit: Unit, row: SessionRow) -> Phase:
    return Phase((await breakout_queries.round_row(unit.db, row.id)).phase)


async def check_everybody_placed(unit: Unit, item: Session) -> None:
    """Raise ConferenceError ``direction.unplaced`` where groups are about to start and somebody has none."""
    if (await breakout_queries.round_row(unit.db, item.id)).phase in (Phase.ANNOUNCED, Phase.OPEN):
        return
    everybody = await breakout_queries.participants(unit.db, item)
    placed = {row.person_id for row in await breakout_queries.places(unit.db, item.id) if row.room}
    if count := sum(person.id not in placed for person in everybody):
        who = "1 Person hat" if count == 1 else f"{count} Personen haben"
        more = "Beim Eintreten kommen sie in die leerste." if count > 1 else "Beim Eintreten kommt sie in die leerste."
        raise ConferenceError("direction.unplaced", f"{who} noch keine Gruppe. {more}")


async def check_nobody_voted(unit: Unit, cue: Cue) -> None:
    """Raise ConferenceError ``direction.voted`` where a poll would be opened again that people have voted in."""
    session = await sessions.row(unit.db, cue.session)
    row = await poll_queries.poll(unit.db, session.id, cue.target)
    if row.state != PollState.OPEN and (await poll_queries.live_result(unit.db, row))["voted"]:
        more = "Ein neuer Durchgang beginnt, alle stimmen neu ab; das bisherige Ergebnis bleibt erhalten."
        raise ConferenceError("direction.voted", f"In dieser Umfrage wurde schon abgestimmt. {more}")


async def _start_groups(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    row = await sessions.row(unit.db, cue.session)
    if await _phase(unit, row) in (Phase.ANNOUNCED, Phase.OPEN):
        return {}
    was = row.state
    whole = math.ceil((row.ends - row.starts) / timedelta(minutes=1))
    left = math.ceil((row.ends - unit.now) / timedelta(minutes=1))
    minutes = cue.minutes or (left if 5 <= left <= whole else whole)
    await breakouts.start(unit, cue.session, min(max(minutes, 1), breakouts.MAX_MINUTES))
    return {"was": was}


async def _unstart_groups(unit: Unit, _show: DirectionRow, cue: Cue, undo: Undo) -> None:
    row = await sessions.row(unit.db, cue.session)
    if await _phase(unit, row) is Phase.OPEN:
        raise _never("Die Gruppen sind schon in ihren Räumen. Bitte zurückrufen.")
    if await _phase(unit, row) is Phase.ANNOUNCED:
        await breakouts.cancel(unit, cue.session)
        await _stop(unit, cue.session, State(undo["was"]))


async def _recall_groups(unit: Unit, _show: DirectionRow, cue: Cue) -> Undo:
    row = await sessions.row(unit.db, cue.session)
    if await _phase(unit, row) is Phase.CLOSED:
        return {}
    await breakouts.recall(unit, cue.session)
    return {"called": True}


async def _unrecall_groups(_unit: Unit, _show: DirectionRow, _cue: Cue, _undo: Undo) -> None:
    raise _never("Die Gruppen sind schon gerufen. Solange sie offen sind, lässt sich ihre Zeit verlängern.")


# --- what everybody sees ----------------------------------------------------------------------------------------------


async def _set_screen(unit: Unit, show: DirectionRow, cue: Cue) -> Undo:
    was = show.screen
    return {"was": was} if await set_screen(unit, show, cue.target) else {}


async def set_screen(unit: Unit, show: DirectionRow, screen: str) -> bool:
    """Choose what the hall's screens show (one of `SCREENS`); whether that is a change."""
    if show.screen == screen:
        return False
    show.screen = screen
    await unit.tell(DAY, ScreenSet(screen))
    return True


async def _unset_screen(unit: Unit, show: DirectionRow, _cue: Cue, undo: Undo) -> None:
    show.screen = undo["was"]
    await unit.tell(DAY, ScreenSet(undo["was"]))


async def _message(unit: Unit, show: DirectionRow, cue: Cue) -> Undo:
    await say(unit, show, cue.text)
    return {"id": show.messages}


async def _unmessage(unit: Unit, show: DirectionRow, _cue: Cue, undo: Undo) -> None:
    if show.message and show.message["id"] == undo["id"]:
        await say(unit, show, "")


async def say(unit: Unit, show: DirectionRow, text: str) -> None:
    """Show words to everybody; none takes them back."""
    if text:
        show.messages += 1
    show.message = {"id": show.messages, "text": text, "at": iso(unit.now)} if text else None
    await unit.tell(DAY, MessageShown(show.message))


_DO: dict[Kind, Callable[[Unit, DirectionRow, Cue], Awaitable[Undo]]] = {
    Kind.BACKSTAGE: _open_backstage,
    Kind.START: _start,
    Kind.END: _end,
    Kind.PART: _hand_over,
    Kind.FILM: _film,
    Kind.BOARDS: _boards,
    Kind.PROGRAMME: _programme,
    Kind.POLL_OPEN: _open_poll,
    Kind.POLL_CLOSE: _close_poll,
    Kind.POLL_SHOW: _show_poll,
    Kind.PAUSE_START: _start_pause,
    Kind.PAUSE_END: _end_pause,
    Kind.GROUPS_START: _start_groups,
    Kind.GROUPS_RECALL: _recall_groups,
    Kind.SCREEN: _set_screen,
    Kind.MESSAGE: _message,
}
_UNDO: dict[Kind, Callable[[Unit, DirectionRow, Cue, Undo], Awaitable[None]]] = {
    Kind.BACKSTAGE: _close_backstage,
    Kind.START: _unstart,
    Kind.END: _unend,
    Kind.PART: _hand_back,
    Kind.FILM: _unfilm,
    Kind.BOARDS: _hand_back,
    Kind.PROGRAMME: _no_programme,
    Kind.POLL_OPEN: _unopen_poll,
    Kind.POLL_CLOSE: _unclose_poll,
    Kind.POLL_SHOW: _hide_poll,
    Kind.PAUSE_START: _unstart_pause,
    Kind.PAUSE_END: _unend_pause,
    Kind.GROUPS_START: _unstart_groups,
    Kind.GROUPS_RECALL: _unrecall_groups,
    Kind.SCREEN: _unset_screen,
    Kind.MESSAGE: _unmessage,
}
