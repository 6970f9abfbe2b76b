"""Verbs on questions and hands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, func, literal, select
from sqlalchemy.orm import aliased

from conference.core import audience
from conference.core.errors import Address, ConferenceError, NotFound
from conference.core.roles import Permission, may
from conference.people import queries as people
from conference.people.model import Person
from conference.people.tables import PersonRow
from conference.questions import queries
from conference.questions.facts import (
    HandsChanged,
    QuestionChanged,
    QuestionMerged,
    QuestionPinned,
    QuestionRemoved,
    QuestionsSet,
    QuestionVoted,
)
from conference.questions.model import (
    MOVES,
    QUESTIONS_PER_SESSION,
    SHOWN,
    WAITING_PER_PERSON,
    Settings,
    State,
    checked,
)
from conference.questions.tables import HandRow, QuestionRow, QuestionSettingsRow, QuestionVoteRow
from conference.sessions import queries as sessions
from conference.sessions.actions import stage
from conference.sessions.model import Session, Source
from conference.sessions.model import State as SessionState
from conference.sessions.tables import SessionRow
from conference.store import facts_log
from conference.store.facts_log import upsert
from conference.store.unit import Unit

ROUNDED_TO = 300
"""Seconds to which the time of an anonymous question is cut."""


async def ask(unit: Unit, key: str, person: Person, question: str, text: str, *, anonymous: bool) -> None:
    """Ask a question under a key that the page made up; the same key again changes nothing.

    Raises:
        ConferenceError: ``question.text``, ``question.closed``, ``question.anonymous``, ``question.too_many``.
    """
    session = await sessions.row(unit.db, key)
    text = checked(text)
    if await _known(unit, session, question):
        return
    settings = await queries.settings(unit.db, session.id)
    _check_open(session, settings.open, "question.closed", "Fragen sind gerade nicht möglich.")
    if anonymous and not settings.anonymous:
        raise ConferenceError("question.anonymous", "Fragen ohne Namen sind hier nicht vorgesehen.")
    await _check_room(unit, session.id, None if anonymous else person.id)
    asked_at = unit.now
    if anonymous:  # nobody's presence or chat can be laid beside it to the second
        asked_at = datetime.fromtimestamp(unit.now.timestamp() // ROUNDED_TO * ROUNDED_TO, UTC)
    row = QuestionRow(
        session_id=session.id,
        key=question,
        person_id=None if anonymous else person.id,
        text=text,
        state=settings.first().value,
        asked_at=asked_at,
    )
    unit.db.add(row)
    await unit.db.flush()
    await _tell(unit, key, row, shown=False)


async def _known(unit: Unit, session: SessionRow, question: str) -> bool:
    """Whether this question was asked already. Raises ConferenceError where the key is somebody's elsewhere."""
    found = (await unit.db.execute(select(QuestionRow).where(QuestionRow.key == question))).scalar_one_or_none()
    if found is not None and found.session_id != session.id:
        raise NotFound("Diese Frage")
    return found is not None


def _check_open(session: SessionRow, wanted: bool, code: str, message: str) -> None:
    if not wanted or session.state == SessionState.ENDED:
        raise ConferenceError(code, message)


async def _check_room(unit: Unit, session_id: int, person_id: int | None) -> None:
    mine = QuestionRow.session_id == session_id
    if await _count(unit, mine) >= QUESTIONS_PER_SESSION:
        raise ConferenceError("question.too_many", "Es sind schon sehr viele Fragen. Bitte stimmen Sie für eine davon.")
    waiting = await _count(unit, mine, QuestionRow.person_id == person_id, QuestionRow.state == State.WAITING.value)
    if person_id is not None and waiting >= WAITING_PER_PERSON:
        raise ConferenceError("question.too_many", "Ihre letzten Fragen liegen noch bei der Moderation.")


async def _count(unit: Unit, *where: ColumnElement[bool]) -> int:
    return (await unit.db.execute(select(func.count()).select_from(QuestionRow).where(*where))).scalar_one()


async def vote(unit: Unit, key: str, person: Person, question: str, *, up: bool) -> None:
    """Vote for a question, or no longer. Raises ConferenceError ``question.closed``, or NotFound."""
    session = await sessions.row(unit.db, key)
    row = await _seen(unit, session, question)
    _check_open(session, row.state == State.OPEN, "question.closed", "Über diese Frage wird nicht mehr abgestimmt.")
    mine = {"question_id": row.id, "person_id": person.id}
    if up:
        change = upsert(unit.db)(QuestionVoteRow).values(mine).on_conflict_do_nothing()
    else:
        change = delete(QuestionVoteRow).filter_by(**mine)
    if (await unit.db.execute(change.returning(QuestionVoteRow.person_id))).first():
        await unit.tell(key, QuestionVoted(question, up, person.public_id))


async def _seen(unit: Unit, session: SessionRow, question: str) -> QuestionRow:
    """A question that everybody sees. Raises NotFound, also where it is only not shown."""
    row = await queries.question(unit.db, session.id, question)
    if row.state not in SHOWN:
        raise NotFound("Diese Frage")
    return row


async def move(unit: Unit, key: str, question: str, to: State) -> None:
    """Approve, answer, dismiss or take back. Raises ConferenceError ``question.move``, or NotFound."""
    session = await sessions.row(unit.db, key)
    row = await queries.question(unit.db, session.id, question)
    if row.state == to:
        return
    MOVES.check(State(row.state), to)
    shown = row.state in SHOWN
    row.state = to.value
    if to is not State.OPEN:
        await _unpin(unit, key, row)
    await _tell(unit, key, row, shown=shown)


async def edit(unit: Unit, key: str, question: str, text: str) -> None:
    """Word a question anew. Raises ConferenceError ``question.text``, or NotFound."""
    session = await sessions.row(unit.db, key)
    row = await queries.question(unit.db, session.id, question)
    text = checked(text)
    if row.state == State.MERGED:
        raise NotFound("Diese Frage")
    if row.text != text:
        row.text, row.edited = text, True
        await _tell(unit, key, row, shown=row.state in SHOWN)


async def merge(unit: Unit, key: str, question: str, into: str) -> None:
    """Let a question go over into another one; who votes for one of them or both votes for that one, once.

    Raises:
        ConferenceError: ``question.merge``, ``question.move``, or NotFound.
    """
    session = await sessions.row(unit.db, key)
    row = await queries.question(unit.db, session.id, question)
    kept = await queries.question(unit.db, session.id, into)
    if row.state == State.MERGED and row.into_id == kept.id:
        return
    if row.id == kept.id or kept.state not in SHOWN | {State.WAITING}:
        raise ConferenceError("question.merge", "Mit dieser Frage lässt sie sich nicht zusammenlegen.")
    MOVES.check(State(row.state), State.MERGED)
    theirs = select(literal(kept.id), QuestionVoteRow.person_id).where(QuestionVoteRow.question_id == row.id)
    other = aliased(QuestionVoteRow)
    already = select(other.person_id).where(other.question_id == kept.id)
    moved = theirs.where(QuestionVoteRow.person_id.not_in(already))
    columns = ["question_id", "person_id"]
    await unit.db.execute(upsert(unit.db)(QuestionVoteRow).from_select(columns, moved))
    await unit.db.execute(delete(QuestionVoteRow).where(QuestionVoteRow.question_id == row.id))
    await _unpin(unit, key, row)
    row.state, row.into_id = State.MERGED.value, kept.id
    await facts_log.redact(unit.db, key, QuestionChanged.name, ("question", "key"), question, {"question": None})
    await unit.tell(key, QuestionMerged(question, into))


async def pin(unit: Unit, key: str, question: str | None) -> None:
    """Put a question on stage and on the hall's screen, in place of another one; None takes it down.

    Raises:
        ConferenceError: ``question.pin``, or NotFound.
    """
    session = await sessions.row(unit.db, key)
    row = await queries.question(unit.db, session.id, question) if question else None
    if row and row.state != State.OPEN:
        raise ConferenceError("question.pin", "Gezeigt werden kann eine Frage, die freigegeben ist.")
    kept = await _settings_row(unit, session.id)
    wanted = row.id if row else None
    if kept.pinned_id != wanted:
        kept.pinned_id = wanted
        await unit.tell(key, QuestionPinned(question))


async def set_up(unit: Unit, key: str, settings: Settings) -> None:
    """Decide what is possible in the session; closing the hands lowers them all."""
    session = await sessions.row(unit.db, key)
    kept = await _settings_row(unit, session.id)
    if kept.to_model() != settings:
        kept.take(settings)
        await unit.tell(key, QuestionsSet(**asdict(settings)))
    if not settings.hands:
        await lower(unit, key, None)


async def _settings_row(unit: Unit, session_id: int) -> QuestionSettingsRow:
    kept = await unit.db.get(QuestionSettingsRow, session_id)
    if kept is None:
        kept = QuestionSettingsRow(session_id=session_id, **asdict(Settings()))
        unit.db.add(kept)
        await unit.db.flush()
    return kept


async def _unpin(unit: Unit, key: str, row: QuestionRow) -> None:
    kept = await unit.db.get(QuestionSettingsRow, row.session_id)
    if kept and kept.pinned_id == row.id:
        kept.pinned_id = None
        await unit.tell(key, QuestionPinned(None))


async def _tell(unit: Unit, key: str, row: QuestionRow, *, shown: bool) -> None:
    """Tell of a question those who may see it; `shown`: whether everybody saw it so far.

    What the log said of it earlier is emptied: a text that was taken back is not read again by who returns.
    """
    await unit.db.flush()
    await facts_log.redact(unit.db, key, QuestionChanged.name, ("question", "key"), row.key, {"question": None})
    person = await unit.db.get(PersonRow, row.person_id) if row.person_id else None
    view = queries.question_view(row, person)
    if row.state in SHOWN:
        await unit.tell(key, QuestionChanged(view, audience.ALL))
        return
    if shown:
        await unit.tell(key, QuestionRemoved(row.key))
    heard = [audience.MODERATORS, *([audience.person(person.public_id)] if person else [])]
    await unit.tell(key, *(QuestionChanged(view, who) for who in heard))


# --- hands ----------------------------------------------------------------------------------------------------------


async def raise_hand(unit: Unit, key: str, person: Person) -> None:
    """Put one's hand up, at the end of the row. Raises ConferenceError ``hand.closed``."""
    session = await sessions.row(unit.db, key)
    settings = await queries.settings(unit.db, session.id)
    _check_open(session, settings.hands, "hand.closed", "Wortmeldungen sind gerade nicht möglich.")
    mine = {"session_id": session.id, "person_id": person.id, "raised_at": unit.now, "called": False}
    raised = upsert(unit.db)(HandRow).values(mine).on_conflict_do_nothing().returning(HandRow.person_id)
    if (await unit.db.execute(raised)).first():
        await _tell_hands(unit, key, session.id)


async def lower(unit: Unit, key: str, person: str | None) -> None:
    """Take somebody's hand down, or all (None). Raises NotFound."""
    session = await sessions.row(unit.db, key)
    who = select(PersonRow.id).where(PersonRow.public_id == person)
    if person is not None and (await unit.db.execute(who)).first() is None:
        raise NotFound("Diese Person")
    gone = delete(HandRow).where(HandRow.session_id == session.id)
    if person is not None:
        gone = gone.where(HandRow.person_id.in_(who))
    gone = gone.execution_options(synchronize_session=False)
    lowered = list((await unit.db.execute(gone.returning(HandRow.person_id))).scalars())
    if lowered:
        await _step_down(unit, key, lowered)
        await _tell_hands(unit, key, session.id)


async def call(unit: Unit, key: str, person: str) -> None:
    """Call somebody up whose hand is up; whoever was called before has had the word. Raises NotFound."""
    session = await sessions.row(unit.db, key)
    query = select(HandRow, PersonRow.public_id).join(PersonRow, PersonRow.id == HandRow.person_id)
    found = [(row, who) for row, who in await unit.db.execute(query.where(HandRow.session_id == session.id))]
    if person not in {who for _, who in found}:
        raise NotFound("Diese Wortmeldung")
    before = [row for row, who in found if row.called and who != person]
    for row, who in found:
        row.called = row.called or who == person
    for row in before:
        await unit.db.delete(row)
    await unit.db.flush()
    await _step_down(unit, key, [row.person_id for row in before])
    await _tell_hands(unit, key, session.id)


async def speak(unit: Unit, key: str, person: Person, *, video: bool) -> None:
    """Take the word that one was called up for: onto the stage, as a guest, with microphone and, if wanted, camera.

    A guest is on stage for as long as the hand is called up; whoever is there already only gets the tracks.

    Raises:
        ConferenceError: ``hand.not_called``, ``stage.not_open``, ``stage.full``.
    """
    session = await sessions.session(unit.db, key)
    hand = await unit.db.get(HandRow, (session.id, person.id))
    if session.state != SessionState.LIVE or hand is None or not hand.called:
        raise ConferenceError("hand.not_called", "Sie sind gerade nicht aufgerufen.", Address.PERMISSION)
    await stage.enter(unit, key, person, Source.CAMERA)
    await stage.set_tracks(unit, key, person, None, Source.CAMERA, audio=True, video=video)
    await stage.bring_on(unit, key, person.public_id, Source.CAMERA)


async def taken_off(unit: Unit, key: str, person: str) -> None:
    """Somebody was taken off the stage, or left: a guest's hand is down with that. Raises NotFound."""
    found = await people.person(unit.db, person)
    if _is_guest(await sessions.session(unit.db, key), found):
        await lower(unit, key, person)


async def _step_down(unit: Unit, key: str, lowered: Collection[int]) -> None:
    """Those guests leave the stage whose hands went down."""
    session = await sessions.session(unit.db, key)
    for entry in await sessions.stage(unit.db, session.id):
        if entry.person_id in lowered and _is_guest(session, entry.person.to_model()):
            await stage.leave(unit, key, entry.person.to_model(), Source(entry.source))


def _is_guest(session: Session, person: Person) -> bool:
    return not may(session.role_of(person), Permission.PUBLISH) and may(session.role_of(person), Permission.JOIN)


async def _tell_hands(unit: Unit, key: str, session_id: int) -> None:
    await facts_log.blank(unit.db, key, HandsChanged.name, "hands", HandsChanged(None).body())
    await unit.tell(key, HandsChanged(await queries.hands(unit.db, session_id)))
