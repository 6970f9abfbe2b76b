"""Questions, hands, chat, reactions, letters: who sees what, once per person, no trace of who asked without a name."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from conference.core.errors import ConferenceError
from conference.exporting import export
from conference.hall.visit import Visit
from conference.questions.tables import QuestionVoteRow
from conference.store.facts_log import FactRow
from tests.house import ANNA, BERND, MODERATOR, SPEAKER, until
from tests.the_day import AGAIN, FIRST, HELLO, LIVE, POSSIBLE, SECOND
from tests.visits import Page, Room, open_page, open_room

EMAILS = {"anna": ANNA, "bernd": BERND, "speaker": SPEAKER, "moderator": MODERATOR}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_page() as page:
        yield page


@contextlib.asynccontextmanager
async def crowd(directory: Path) -> AsyncIterator[tuple[Room, dict[str, Visit]]]:
    """The session runs, and four people are in it."""
    async with open_room(directory) as room:
        visits = {name: await room.enter(email, LIVE) for name, email in EMAILS.items()}
        await room.do(visits["moderator"], "session.move", session=LIVE, to="live")
        yield room, visits


async def code(room: Room, visit: Visit, command: str, **body: Any) -> str:
    with pytest.raises(ConferenceError) as refused:
        await room.do(visit, command, session=LIVE, **body)
    return refused.value.code


def ear(visit: Visit) -> Any:
    return visit.outbox


async def seen(room: Room, visit: Visit) -> dict[str, str]:
    """The questions that somebody sees, by state."""
    items = (await room.snapshot(visit))["questions"]["items"]
    return {item["key"]: item["state"] for item in items}


async def test_a_question_waits_for_the_moderator_and_is_seen_by_who_asked(tmp_path: Path) -> None:
    async with crowd(tmp_path) as (room, visits):
        for _ in range(2):  # sent again after a lost connection
            await room.do(visits["anna"], "question.ask", session=LIVE, question=FIRST, text=" Wer? ", anonymous=False)
        assert [await seen(room, visits[name]) for name in EMAILS] == [
            {FIRST: "waiting"}, {}, {}, {FIRST: "waiting"},
        ]  # fmt: skip
        assert await code(room, visits["bernd"], "question.vote", question=FIRST, up=True) == "not_found"
        await room.do(visits["moderator"], "question.move", session=LIVE, question=FIRST, to="open")
        assert [await seen(room, visits[name]) for name in EMAILS] == [{FIRST: "open"}] * 4
        assert await code(room, visits["bernd"], "question.move", question=FIRST, to="answered") == "not_allowed"


async def test_a_person_has_one_vote_and_a_merged_question_brings_each_voter_once(tmp_path: Path) -> None:
    async with crowd(tmp_path) as (room, visits):
        await room.do(visits["moderator"], "question.settings", session=LIVE, **{**POSSIBLE, "approval": False})
        for name, key in (("anna", FIRST), ("bernd", SECOND)):
            await room.do(visits[name], "question.ask", session=LIVE, question=key, text="Wer?", anonymous=False)
        for name, key in (("anna", FIRST), ("anna", FIRST), ("anna", SECOND), ("bernd", SECOND)):
            await room.do(visits[name], "question.vote", session=LIVE, question=key, up=True)
        await room.do(visits["moderator"], "question.merge", session=LIVE, question=SECOND, into=FIRST)
        votes = (await room.snapshot(visits["anna"]))["questions"]["voted"], await _votes(room)
        assert votes == ([FIRST], 2)
        assert await code(room, visits["bernd"], "question.vote", question=SECOND, up=True) == "not_found"
        assert await code(room, visits["moderator"], "question.merge", question=FIRST, into=FIRST) == "question.merge"


async def _votes(room: Room) -> int:
    async with room.store.reading() as db:
        return len(list((await db.execute(select(QuestionVoteRow))).all()))


async def test_nothing_leads_from_a_nameless_question_to_who_asked_it(tmp_path: Path) -> None:
    async with crowd(tmp_path) as (room, visits):
        before = await _written(room)
        await room.do(visits["anna"], "question.ask", session=LIVE, question=FIRST, text="Wer?", anonymous=True)
        person = visits["anna"].person
        written = "\n".join(sorted(set(await _written(room)) - set(before)))
        assert FIRST in written
        for trace in (person.public_id, person.name, person.last_name, visits["anna"].id, f"person:{person.public_id}"):
            assert trace not in written
        [row] = [line for line in written.splitlines() if 'INTO "questions"' in line]
        assert f"'{FIRST}',NULL,'Wer?'" in row
        assert not any(fact["name"] == "question.changed" for fact in ear(visits["anna"]).facts)
        item = (await room.snapshot(visits["moderator"]))["questions"]["items"][0]
        assert (item["anonymous"], item["person"], item["name"], item["organisation"]) == (True, None, "", "")
        assert item["asked_at"] == "2026-06-17T07:00:00.000Z"


async def _written(room: Room) -> list[str]:
    async with room.store.reading() as db:
        raw = await (await db.connection()).get_raw_connection()
        return [line async for line in raw.driver_connection.iterdump()]


async def test_nameless_questions_have_their_pace_and_may_be_forbidden(tmp_path: Path) -> None:
    async with crowd(tmp_path) as (room, visits):
        for number in range(5):
            key = f"q-{number:016d}"
            await room.do(visits["anna"], "question.ask", session=LIVE, question=key, text="Wer?", anonymous=True)
        ask = {"question": "q-abcdefabcdefabcd", "text": "Wer?", "anonymous": True}
        assert await code(room, visits["anna"], "question.ask", **ask) == "question.too_many"
        await room.do(visits["moderator"], "question.settings", session=LIVE, **{**POSSIBLE, "anonymous": False})
        assert await code(room, visits["bernd"], "question.ask", **ask) == "question.anonymous"
        await room.do(visits["moderator"], "question.settings", session=LIVE, **{**POSSIBLE, "open": False})
        assert await code(room, visits["bernd"], "question.ask", **{**ask, "anonymous": False}) == "question.closed"


async def test_hands_stand_in_order_and_leave_no_trace(tmp_path: Path) -> None:
    async with crowd(tmp_path) as (room, visits):
        for name in ("bernd", "anna", "speaker", "bernd"):
            await room.do(visits[name], "hand.raise", session=LIVE, up=True)
            room.clock.turn(seconds=20)
        order = [visits[name].person.public_id for name in ("bernd", "anna", "speaker")]
        assert [hand["person"] for hand in (await room.snapshot(visits["anna"]))["hands"]] == order
        await room.do(visits["moderator"], "hand.call", session=LIVE, person=order[0])
        await room.do(visits["moderator"], "hand.call", session=LIVE, person=order[1])
        hands = (await room.snapshot(visits["anna"]))["hands"]
        assert [(hand["person"], hand["called"]) for hand in hands] == [(order[1], True), (order[2], False)]
        await room.do(visits["anna"], "session.leave", session=LIVE)
        await room.do(visits["moderator"], "session.move", session=LIVE, to="ended")
        assert (await room.snapshot(visits["anna"]))["hands"] == []
        async with room.store.reading() as db:
            bodies = (await db.execute(select(FactRow.body).where(FactRow.name == "hands.changed"))).scalars()
            assert [body["hands"] for body in bodies if body["hands"] is not None] == [[]]


async def test_reactions_are_counted_told_once_and_kept_nowhere(tmp_path: Path) -> None:
    async with crowd(tmp_path) as (room, visits):
        before = await _written(room)
        for name in ("anna", "bernd", "bernd"):
            await room.do(visits[name], "reaction.send", session=LIVE, kind="clap")
        for _ in range(30):
            await room.do(visits["speaker"], "reaction.send", session=LIVE, kind="heart")
        await room.hall.talk.tick()
        assert ear(visits["anna"]).signals["reactions"] == {"session": LIVE, "counts": {"clap": 3, "heart": 3}}
        assert await _written(room) == before
        await room.do(visits["moderator"], "question.settings", session=LIVE, **{**POSSIBLE, "reactions": False})
        await room.hall.talk.tick()
        assert await code(room, visits["anna"], "reaction.send", kind="clap") == "reaction.closed"


async def test_letters_reach_those_who_read_and_are_kept_nowhere(tmp_path: Path) -> None:
    async with crowd(tmp_path) as (room, visits):
        await room.do(visits["bernd"], "chat.watch", session=LIVE, on=True)
        before = await _written(room)
        for text in itertools.accumulate("Guten Morgen"):
            await room.do(visits["anna"], "chat.type", session=LIVE, text=text)
        drafts = {"person": visits["anna"].person.public_id, "name": visits["anna"].person.name, "text": "Guten Morgen"}
        told = {"session": LIVE, "room": None, "drafts": [drafts]}
        await until(lambda: ear(visits["bernd"]).signals.get("typing") == told)
        assert "typing" not in ear(visits["speaker"]).signals
        assert await _written(room) == before
        await room.do(visits["anna"], "chat.say", session=LIVE, message=HELLO, text="Guten Morgen")
        await until(lambda: ear(visits["bernd"]).signals["typing"]["drafts"] == [])
        await room.do(visits["moderator"], "chat.mute", session=LIVE, person=drafts["person"], muted=True)
        assert await code(room, visits["anna"], "chat.type", text="Hm") == "chat.muted"


async def test_a_hidden_message_is_read_by_nobody_who_returns(tmp_path: Path) -> None:
    async with crowd(tmp_path) as (room, visits):
        await room.do(visits["anna"], "chat.say", session=LIVE, message=HELLO, text="Unsinn")
        assert await code(room, visits["bernd"], "chat.say", message=HELLO, text="Meins") == "not_found"
        await room.do(visits["moderator"], "chat.hide", session=LIVE, message=HELLO, hidden=True)
        assert (await room.snapshot(visits["bernd"]))["chat"]["messages"] == []
        async with room.store.reading() as db:
            told = (await db.execute(select(FactRow).where(FactRow.audience == "all"))).scalars()
            assert "Unsinn" not in json.dumps([fact.body for fact in told])
        [kept] = (await room.snapshot(visits["moderator"]))["chat"]["messages"]
        assert (kept["text"], kept["hidden"]) == ("Unsinn", True)
        assert await code(room, visits["anna"], "chat.say", message=AGAIN, text="x" * 501) == "chat.text"
        await room.do(visits["moderator"], "chat.settings", session=LIVE, open=False)
        assert await code(room, visits["anna"], "chat.say", message=AGAIN, text="Da?") == "chat.closed"


async def test_the_export_names_nobody_who_asked_without_a_name(tmp_path: Path) -> None:
    async with crowd(tmp_path) as (room, visits):
        await room.do(visits["anna"], "question.ask", session=LIVE, question=FIRST, text="=Wer?", anonymous=True)
        await room.do(visits["bernd"], "question.ask", session=LIVE, question=SECOND, text="Wann?", anonymous=False)
        async with room.store.reading() as db:
            found = json.loads(await export(db, "questions", "json", room.clock.now()))
            table = (await export(db, "questions", "csv", room.clock.now())).decode("utf-8-sig")
        names = {entry["text"]: entry["name"] for entry in found}
        assert names == {"=Wer?": None, "Wann?": visits["bernd"].person.name}
        assert visits["anna"].person.last_name not in table
        assert "Nicht bearbeitet" in table


# --- any order of things ----------------------------------------------------------------------------------------------

WHO = st.sampled_from(["anna", "bernd", "speaker"])
KEYS = st.integers(0, 3).map(lambda n: f"q-{n:016d}")
MESSAGES = st.integers(0, 3).map(lambda n: f"m-{n:016d}")
PERSONS = st.sampled_from(["anna", "bernd", "speaker"])
BOOL = st.booleans()
ANY_STEP = st.one_of(
    *[st.tuples(st.just("question.ask"), WHO, st.fixed_dictionaries(
        {"question": KEYS, "text": st.sampled_from(["Wer?", "Wann?"]), "anonymous": BOOL}))] * 3,
    *[st.tuples(st.just("question.move"), st.just("moderator"), st.fixed_dictionaries(
        {"question": KEYS, "to": st.sampled_from(["open", "open", "answered", "dismissed"])}))] * 3,
    st.tuples(st.just("question.vote"), WHO, st.fixed_dictionaries({"question": KEYS, "up": BOOL})),
    st.tuples(st.just("question.edit"), st.just("moderator"), st.fixed_dictionaries(
        {"question": KEYS, "text": st.sampled_from(["Wer?", "Warum?"])})),
    st.tuples(st.just("question.merge"), st.just("moderator"), st.fixed_dictionaries({"question": KEYS, "into": KEYS})),
    st.tuples(st.just("question.pin"), st.just("moderator"), st.fixed_dictionaries({"question": KEYS | st.none()})),
    st.tuples(st.just("question.settings"), st.just("moderator"), st.fixed_dictionaries(dict.fromkeys(POSSIBLE, BOOL))),
    st.tuples(st.just("hand.raise"), WHO, st.fixed_dictionaries({"up": BOOL})),
    st.tuples(st.just("hand.call"), st.just("moderator"), st.fixed_dictionaries({"person": PERSONS})),
    st.tuples(st.just("chat.say"), WHO, st.fixed_dictionaries({"message": MESSAGES, "text": st.just("Hallo")})),
    st.tuples(st.just("chat.hide"), st.just("moderator"), st.fixed_dictionaries({"message": MESSAGES, "hidden": BOOL})),
    st.tuples(st.just("chat.mute"), st.just("moderator"), st.fixed_dictionaries({"person": PERSONS, "muted": BOOL})),
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(ANY_STEP, min_size=5, max_size=40), break_at=st.integers(0, 40))
def test_every_page_follows_and_who_was_away_catches_up(page: Page, steps: list[Any], break_at: int) -> None:
    asyncio.run(_play(page, steps, break_at))


async def _play(page: Page, steps: list[Any], break_at: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with crowd(Path(directory)) as (room, visits):
            born = {name: await room.snapshot(visit) for name, visit in visits.items()}
            away: dict[str, dict[str, Any]] = born
            for place, (command, who, body) in enumerate(steps):
                if place == break_at:
                    away = {name: await room.snapshot(visit) for name, visit in visits.items()}
                named = {"person": visits[body["person"]].person.public_id} if "person" in body else {}
                with contextlib.suppress(ConferenceError):
                    await room.do(visits[who], command, session=LIVE, **{**body, **named})
                room.clock.turn(seconds=7)
            for name, visit in visits.items():
                fresh = await room.snapshot(visit)
                told = ear(visit).facts
                again = await room.enter(EMAILS[name], LIVE)
                hello = await room.hall.enter(again, away[name]["numbers"])
                for reduced in (page.apply(born[name], told), page.apply(away[name], hello["facts"])):
                    for key in ("questions", "hands", "chat"):
                        assert reduced[key] == fresh[key], (name, key, steps)
