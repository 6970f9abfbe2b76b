"""Polls as they are run: one ballot each whatever happens, results under their number, secrets that stay secret."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from conference.core.errors import ConferenceError
from conference.hall.visit import Visit
from conference.people.tables import PersonRow
from conference.polls import queries
from conference.polls.tables import BallotRow, PollRow, PollRunRow
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, SPEAKER
from tests.the_day import LIVE, draft
from tests.visits import Room, open_room


async def refused(room: Room, visit: Visit, command: str, **body: Any) -> str:
    with pytest.raises(ConferenceError) as refusal:
        await room.do(visit, command, session=LIVE, **body)
    return refusal.value.code


async def poll_of(room: Room, visit: Visit, key: str) -> dict[str, Any] | None:
    polls = (await room.snapshot(visit))["polls"]
    return next((poll for poll in polls if poll["key"] == key), None)


async def begun(room: Room) -> tuple[Visit, Visit, Visit]:
    """A live session with its moderator and two voters."""
    moderator, anna, bernd = [await room.enter(email, LIVE) for email in (MODERATOR, ANNA, BERND)]
    await room.do(moderator, "session.move", session=LIVE, to="live")
    return moderator, anna, bernd


KINDS = {
    "single": (draft(), 1, {"counts": [0, 2], "mean": None, "words": None}),
    "multiple": (
        draft(kind="multiple", options=["a", "b", "c"], max_choices=2),
        [0, 2],
        {"counts": [2, 0, 2], "mean": None, "words": None},
    ),
    "scale": (
        draft(kind="scale", options=[], scale_from=0, scale_to=3),
        3,
        {"counts": [0, 0, 0, 2], "mean": 3.0, "words": None},
    ),
    "words": (draft(kind="words", options=[]), "Mut", {"counts": None, "mean": None, "words": [["Mut", 2]]}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("anonymous", [False, True])
async def test_each_kind_from_draft_to_result(tmp_path: Path, kind: str, anonymous: bool) -> None:
    body, choice, outcome = KINDS[kind]
    async with open_room(tmp_path) as room:
        moderator, anna, bernd = await begun(room)
        await room.do(anna, "session.join", session=LIVE)
        asked = {**body, "anonymous": anonymous, "revisable": False}
        key = (await room.do(moderator, "poll.create", session=LIVE, **asked))["poll"]
        assert await poll_of(room, anna, key) is None
        await room.do(moderator, "poll.open", session=LIVE, poll=key)
        for voter in (anna, bernd):
            for expected in (True, False, False):
                assert await room.do(voter, "poll.vote", session=LIVE, poll=key, run=1, choice=choice) == {
                    "new": expected
                }
        open_poll = await poll_of(room, anna, key)
        assert open_poll is not None
        assert (open_poll["mine"]["choice"], open_poll["result"]) == (None if anonymous else choice, None)
        await room.do(moderator, "poll.close", session=LIVE, poll=key)
        closed = [await poll_of(room, who, key) for who in (anna, moderator)]
        frame = {"run": 1, "eligible": await _eligible(room), "present": 1, "voted": 2}
        assert [poll["result"] for poll in closed if poll] == [None, {**frame, **outcome}]
        await room.do(moderator, "poll.publish", session=LIVE, poll=key)
        shown = await poll_of(room, anna, key)
        assert shown is not None
        assert shown["result"] == {**frame, **outcome}
        await room.do(moderator, "poll.hide", session=LIVE, poll=key)
        hidden = await poll_of(room, anna, key)
        assert hidden is not None
        assert (hidden["state"], hidden["result"]) == ("closed", None)


async def test_a_poll_that_is_run_again_keeps_the_first_result(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, bernd = await begun(room)
        for run, choice in ((1, 0), (2, 4)):
            await room.do(moderator, "poll.open", session=LIVE, poll="lage")
            fresh = await poll_of(room, anna, "lage")
            assert fresh is not None
            assert (fresh["run"], fresh["mine"], fresh["result"]) == (run, None, None)
            await room.do(anna, "poll.vote", session=LIVE, poll="lage", run=run, choice=choice)
            await room.do(moderator, "poll.close", session=LIVE, poll="lage")
        assert await refused(room, bernd, "poll.vote", poll="lage", run=2, choice=1) == "poll.closed"
        async with room.store.reading() as db:
            [row] = (await db.execute(select(PollRow).where(PollRow.key == "lage"))).scalars()
            runs = [(run.number, run.result and run.result["counts"]) for run in await queries.runs(db, row.id)]
        assert runs == [(1, [1, 0, 0, 0, 0]), (2, [0, 0, 0, 0, 1])]


async def test_one_poll_of_a_session_is_open_at_a_time_and_the_database_says_so(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, _ = await begun(room)
        await room.do(moderator, "poll.open", session=LIVE, poll="lage")
        assert await refused(room, moderator, "poll.open", poll="hebel") == "poll.another_open"
        assert await refused(room, moderator, "poll.open", poll="lage") == "poll.move"
        assert await refused(room, anna, "poll.vote", poll="hebel", run=0, choice=[0]) == "poll.closed"
        assert await refused(room, anna, "poll.vote", poll="lage", run=2, choice=0) == "poll.run"
        with pytest.raises(IntegrityError):
            async with room.store.unit() as unit:
                await unit.db.execute(text("UPDATE polls SET state = 'open' WHERE key = 'hebel'"))


async def test_a_second_ballot_is_impossible_in_the_database(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, _ = await begun(room)
        for poll, choice in (("lage", 0), ("ein-wort", "Mut")):
            await room.do(moderator, "poll.open", session=LIVE, poll=poll)
            await room.do(anna, "poll.vote", session=LIVE, poll=poll, run=1, choice=choice)
            await room.do(moderator, "poll.close", session=LIVE, poll=poll)
        for table in ("ballots", "voters"):
            with pytest.raises(IntegrityError):
                async with room.store.unit() as unit:
                    await unit.db.execute(text(f"INSERT INTO {table} SELECT * FROM {table}"))


async def test_polls_open_only_around_a_session_that_runs_and_drafts_only_are_changed(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, LIVE)
        assert await refused(room, moderator, "poll.open", poll="lage") == "poll.not_live"
        await room.do(moderator, "session.move", session=LIVE, to="live")
        await room.do(moderator, "poll.open", session=LIVE, poll="lage")
        assert await refused(room, moderator, "poll.edit", poll="lage", **draft()) == "poll.not_draft"
        assert await refused(room, moderator, "poll.discard", poll="lage") == "poll.not_draft"
        assert await refused(room, moderator, "poll.publish", poll="lage") == "poll.move"
        assert await refused(room, moderator, "poll.hide", poll="lage") == "poll.move"
        await room.do(moderator, "poll.close", session=LIVE, poll="lage")
        assert await refused(room, moderator, "poll.close", poll="lage") == "poll.closed"
        assert await refused(room, moderator, "poll.discard", poll="lage") == "poll.not_draft"
        assert await refused(room, moderator, "poll.create", **draft(options=["a"])) == "poll.invalid"


# --- many at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("poll", "answers"), [("lage", list(range(5))), ("ein-wort", ["Mut", "mut", "Zeit", "ZEIT", "Geld"])]
)
async def test_two_hundred_ballots_at_once_each_sent_three_times_are_counted_exactly(
    tmp_path: Path, poll: str, answers: list[Any]
) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, _ = await begun(room)
        voters = await _crowd(room, anna, 200)
        await room.do(moderator, "poll.open", session=LIVE, poll=poll)
        sent = [
            room.do(voter, "poll.vote", session=LIVE, poll=poll, run=1, choice=answers[number % 5])
            for _ in range(3)
            for number, voter in enumerate(voters)
        ]
        new = [answer["new"] for answer in await asyncio.gather(*sent)]
        assert (new.count(True), new.count(False)) == (200, 400)
        await room.do(moderator, "poll.close", session=LIVE, poll=poll)
        [row] = [found for found in (await room.snapshot(moderator))["polls"] if found["key"] == poll]
    assert row["result"]["voted"] == 200
    if poll == "lage":
        assert row["result"]["counts"] == [40] * 5
    else:
        assert Counter({word.casefold(): n for word, n in row["result"]["words"]}) == {
            "mut": 80,
            "zeit": 80,
            "geld": 40,
        }


async def test_a_bad_ballot_among_many_spoils_none_of_the_others(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, bernd = await begun(room)
        speaker = await room.enter(SPEAKER, LIVE)
        await room.do(moderator, "poll.open", session=LIVE, poll="lage")
        ballots = [(anna, 0, "lage"), (bernd, 99, "lage"), (speaker, 1, "gone"), (moderator, 2, "lage")]
        answers = await asyncio.gather(
            *(
                room.do(who, "poll.vote", session=LIVE, poll=poll, run=1, choice=choice)
                for who, choice, poll in ballots
            ),
            return_exceptions=True,
        )
        codes = [answer.code if isinstance(answer, ConferenceError) else answer["new"] for answer in answers]
        assert codes == [True, "poll.choice", "not_found", True]
        async with room.store.reading() as db:
            kept = sorted(choice for [choice] in (await db.execute(select(BallotRow.choice))).scalars())
        assert kept == [0, 2]


# --- secrets ----------------------------------------------------------------------------------------------------------


async def test_nothing_anywhere_joins_a_person_with_an_anonymous_choice(tmp_path: Path) -> None:
    """The same day twice, with two people's answers exchanged: everything that is kept is the same."""
    kept = []
    for words in (("Zuversicht", "Wagemut"), ("Wagemut", "Zuversicht")):
        directory = tmp_path / words[0]
        directory.mkdir()
        async with open_room(directory) as room:
            moderator, anna, bernd = await begun(room)
            await room.do(moderator, "poll.open", session=LIVE, poll="ein-wort")
            for voter, word in zip((anna, bernd), words, strict=True):
                room.clock.turn(10)
                await room.do(voter, "poll.vote", session=LIVE, poll="ein-wort", run=1, choice=word)
            assert await _traces(room, "Zuversicht") == {"anonymous_counts"}
            await room.do(moderator, "poll.close", session=LIVE, poll="ein-wort")
            kept.append(await _rows_in_order(room))
    assert kept[0] == kept[1]


async def test_nobody_is_told_an_anonymous_choice(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, bernd = await begun(room)
        phone, organiser = await room.enter(ANNA, LIVE), await room.enter(ORGANISER, LIVE)
        await room.do(moderator, "poll.open", session=LIVE, poll="ein-wort")
        await room.do(anna, "poll.vote", session=LIVE, poll="ein-wort", run=1, choice="Zuversicht")
        cast = {name: _heard(visit, "ballot.cast") for name, visit in (("phone", phone), ("bernd", bernd))}
        assert cast == {"phone": [{"poll": "ein-wort", "run": 1, "choice": None}], "bernd": []}
        assert (_heard(moderator, "ballot.cast"), _heard(organiser, "ballot.cast")) == ([], [])


async def test_an_open_ballot_is_told_to_its_person_alone_and_results_to_nobody_before_their_time(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, bernd = await begun(room)
        await room.do(moderator, "poll.open", session=LIVE, poll="lage")
        await room.do(anna, "poll.vote", session=LIVE, poll="lage", run=1, choice=3)
        assert _heard(anna, "ballot.cast") == [{"poll": "lage", "run": 1, "choice": 3}]
        assert (_heard(bernd, "ballot.cast"), _heard(moderator, "ballot.cast")) == ([], [])
        await room.do(moderator, "poll.close", session=LIVE, poll="lage")
        assert (_heard(bernd, "poll.resulted"), len(_heard(moderator, "poll.resulted"))) == ([], 1)
        await room.hall._send_signals()
        told = json.dumps([visit.outbox.facts for visit in (anna, bernd)])  # type: ignore[attr-defined]
        assert "counts" not in told
        snapshots = [await room.snapshot(visit) for visit in (anna, moderator)]
        assert "counts" not in json.dumps(snapshots[0])


async def test_counts_while_open_are_the_moderators(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, _ = await begun(room)
        await room.do(moderator, "poll.open", session=LIVE, poll="lage")
        await room.do(anna, "poll.vote", session=LIVE, poll="lage", run=1, choice=3)
        await room.hall._send_signals()
        tallies = [visit.outbox.signals["tally"] for visit in (anna, moderator)]  # type: ignore[attr-defined]
    assert tallies[1]["counts"] == [0, 0, 0, 1, 0]
    assert sorted(tallies[0]) == ["eligible", "poll", "present", "run", "session", "voted"]
    assert tallies[0]["voted"] == 1


async def test_a_late_comer_gets_the_open_poll(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, _, _ = await begun(room)
        await room.do(moderator, "poll.open", session=LIVE, poll="lage")
        late = await room.enter(SPEAKER, LIVE)
        found = await poll_of(room, late, "lage")
        assert found is not None
        assert (found["state"], found["run"], found["mine"]) == ("open", 1, None)


# --- helpers ----------------------------------------------------------------------------------------------------------


def _heard(visit: Visit, name: str) -> list[dict[str, Any]]:
    return [fact["body"] for fact in visit.outbox.facts if fact["name"] == name]  # type: ignore[attr-defined]


async def _eligible(room: Room) -> int:
    async with room.store.reading() as db:
        rows = (await db.execute(select(PersonRow))).scalars()
        return sum(row.role in ("participant", "speaker", "moderator") for row in rows)


async def _crowd(room: Room, like: Visit, number: int) -> list[Visit]:
    """So many participants more, each with a page."""
    async with room.store.unit() as unit:
        made = [
            PersonRow(
                public_id=f"p-{n}",
                name=f"P {n}",
                first_name="P",
                last_name=str(n),
                email=f"p{n}@example.org",
                wishes=[],
            )
            for n in range(number)
        ]
        unit.db.add_all(made)
        await unit.db.flush()
        people = [row.to_model() for row in made]
    return [
        Visit(f"c{n}", person, like.link, LIVE, like.connection, dict(like.roles)) for n, person in enumerate(people)
    ]


async def _tables(room: Room) -> dict[str, list[list[Any]]]:
    """Every table's rows as they lie in the file."""
    async with room.store.reading() as db:
        names = list((await db.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))).scalars())
        return {name: [list(row) for row in await db.execute(text(f'SELECT * FROM "{name}"'))] for name in names}


async def _traces(room: Room, word: str) -> set[str]:
    """The tables in which a word occurs."""
    return {name for name, rows in (await _tables(room)).items() if word in json.dumps(rows, default=str)}


async def _rows_in_order(room: Room) -> dict[str, list[list[Any]]]:
    tables = await _tables(room)
    runs = [run[1:] for run in tables.pop(PollRunRow.__tablename__)]
    return {**tables, "runs": runs}
