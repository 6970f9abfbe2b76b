"""Boards: whatever order updates come in, pages converge and lose nothing; foreigners and damage are refused."""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text
from sqlalchemy import func, select

from conference.breakouts.boards import actions, queries
from conference.breakouts.boards.document import Board, Spoilt
from conference.breakouts.boards.model import FIELD_LETTERS, LATE_SECONDS, lines, markdown, root
from conference.breakouts.boards.tables import BoardUpdateRow
from conference.breakouts.boards.update import Gap, Malformed, read_update
from conference.core.errors import ConferenceError
from conference.exporting import export
from conference.hall.visit import Visit
from conference.sessions import queries as sessions
from tests.house import ANNA, BERND, MODERATOR, PRODUCTION, until
from tests.the_day import GROUPS, LIVE
from tests.visits import Room, open_room

ROOM, ELSEWHERE = "ag1", "ag2"
NOTHING = b64encode(b"\x00").decode()
FIRST = root(0)


class Page:
    """What a browser's page keeps of a board."""

    def __init__(self) -> None:
        self.doc: Doc[Text] = Doc()
        self.text = self.doc.get(FIRST, type=Text)

    def type(self, at: float, word: str) -> bytes:
        """Type a word somewhere (0 is the beginning, 1 the end); the update that says so."""
        before = self.doc.get_state()
        written = str(self.text)
        self.text.insert(len(written[: round(at * len(written))].encode()), word)
        return self.doc.get_update(before)


class Typing:
    """Working groups that are open, with Anna in one room and Bernd in another."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def begin(self) -> None:
        room = self.room
        self.staff = await room.enter(MODERATOR, GROUPS)
        self.anna, self.bernd = await room.enter(ANNA, GROUPS), await room.enter(BERND, GROUPS)
        for visit, key in ((self.anna, ROOM), (self.bernd, ELSEWHERE)):
            person = visit.person.public_id
            await room.do(self.staff, "breakouts.move", session=GROUPS, person=person, room=key)
        await room.do(self.staff, "breakouts.start", session=GROUPS, minutes=30)
        room.clock.turn(seconds=21)
        await room.hall.groups.tick()

    async def open(self, visit: Visit, state: str = NOTHING, room: str = ROOM) -> dict[str, Any]:
        found: dict[str, Any] = await self.room.do(visit, "board.open", session=GROUPS, room=room, state=state)
        return found

    async def write(self, visit: Visit, update: bytes, room: str = ROOM) -> int:
        text = b64encode(update).decode()
        answer: dict[str, int] = await self.room.do(visit, "board.write", session=GROUPS, room=room, update=text)
        return answer["number"]

    async def stored(self) -> list[str]:
        async with self.room.store.reading() as db:
            return (await queries.board(db, await sessions.session(db, GROUPS), ROOM)).texts

    async def rows(self) -> int:
        async with self.room.store.reading() as db:
            return int((await db.execute(select(func.count()).select_from(BoardUpdateRow))).scalar_one())


@pytest.fixture
async def typing(tmp_path: Path) -> AsyncIterator[Typing]:
    async with open_room(tmp_path) as room:
        found = Typing(room)
        await found.begin()
        yield found


# --- several at once --------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("type"), st.integers(0, 2), st.floats(0, 1)),
        st.tuples(st.just("erase"), st.integers(0, 2), st.floats(0, 1)),
        st.tuples(st.just("hear"), st.integers(0, 2), st.integers(0, 9)),
        st.tuples(st.just("repeat"), st.integers(0, 2), st.integers(0, 9)),
        st.tuples(st.just("late"), st.integers(0, 2), st.integers(0, 9)),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_pages_converge_and_lose_nothing(steps: list[tuple[str, int, Any]]) -> None:
    board, pages = Board(1), [Page() for _ in range(3)]
    sent: list[list[bytes]] = [[], [], []]
    told: list[bytes] = []
    letters: set[str] = set()
    for number, (what, who, given_) in enumerate(steps):
        page = pages[who]
        if what == "type":
            letter = chr((0x1F400, 0x4E00)[number % 2] + number)  # of two and of one UTF-16 unit, each of them once
            letters.add(letter)
            sent[who].append(page.type(given_, letter))
        elif what == "erase":
            written = str(page.text)
            if written:
                place = round(given_ * (len(written) - 1))
                before, at = page.doc.get_state(), len(written[:place].encode())
                del page.text[at : at + len(written[place].encode())]
                sent[who].append(page.doc.get_update(before))
                letters.discard(written[place])
        elif what == "hear" and told:  # out of order, and more than once
            page.doc.apply_update(told[given_ % len(told)])
        elif what == "repeat" and sent[who]:
            _offer(board, sent[who][given_ % len(sent[who])], told)
        elif what == "late" and sent[who]:
            _offer(board, sent[who][-1], told)
    for page in pages:  # everybody is online at last, and compares with the server as a page does
        _offer(board, page.doc.get_update(board.state()), told)
    for page in pages:
        page.doc.apply_update(board.since(page.doc.get_state()))
    assert {str(page.text) for page in pages} == {board.texts[0]}
    again = Board(1).restore(enumerate(told, 1))
    assert again.texts == board.texts
    assert sorted(board.texts[0]) == sorted(letters)


def _offer(board: Board, update: bytes, told: list[bytes]) -> None:
    try:
        news = board.apply(update)
    except Gap:
        return  # the page compares again later
    if news:
        told.append(news)


# --- bytes that are no text -------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_refused_or_text(data: bytes) -> None:
    with contextlib.suppress(Malformed, Gap, Spoilt):
        Board(2).apply(data)


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=1, max_size=20), st.integers(0, 60), st.integers(0, 255))
def test_a_damaged_update_is_refused_or_text(word: str, at: int, value: int) -> None:
    page = Page()
    page.type(0, "Anfang")
    page.type(0.5, word)
    data = bytearray(page.doc.get_update())
    data[at % len(data)] = value
    board = Board(1)
    with contextlib.suppress(Malformed, Gap, Spoilt):
        board.apply(bytes(data))
        assert board.restore([(1, board.since(b"\x00"))]).texts == board.texts


def other_types() -> dict[str, bytes]:
    """Updates that are right, but no text in a field of the board."""
    found = {}
    for name, key, value in (
        ("map", FIRST, Map({"a": 1})),
        ("array", FIRST, Array([1, "b"])),
        ("another text", "secret", Text("x")),
        ("a field that is not there", root(7), Text("x")),
    ):
        doc: Doc[Any] = Doc()
        doc[key] = value
        found[name] = doc.get_update()
    formatted: Doc[Any] = Doc()
    formatted[FIRST] = text = Text("bold")
    text.format(0, 4, {"bold": True})
    found["formats"] = formatted.get_update()
    embedded: Doc[Any] = Doc()
    embedded[FIRST] = text = Text("x")
    text.insert_embed(0, {"image": "https://example.org/x.png"})
    found["an embedded picture"] = embedded.get_update()
    return found


@pytest.mark.parametrize("kind", other_types())
def test_nothing_but_text_comes_in(kind: str) -> None:
    with pytest.raises(Malformed):
        read_update(other_types()[kind], {FIRST, root(1)})


def test_what_builds_on_letters_unknown_here_waits() -> None:
    page, board = Page(), Board(1)
    page.type(0, "Anfang")
    later = page.type(1, " und Ende")
    with pytest.raises(Gap):
        board.apply(later)
    assert board.texts == [""]
    board.apply(page.doc.get_update())
    assert board.texts == ["Anfang und Ende"]


# --- through the hall -------------------------------------------------------------------------------------------------


async def test_what_was_acknowledged_is_stored_and_told(typing: Typing) -> None:
    page = Page()
    await typing.open(typing.anna)
    await typing.open(typing.staff)
    assert [await typing.write(typing.anna, page.type(1, word)) for word in ("Mut", " und", " Zeit")] == [1, 2, 3]
    assert await typing.stored() == ["Mut und Zeit", "", ""]
    ear: Any = typing.staff.outbox
    await until(lambda: ear.signals.get("board", {}).get("number") == 3)
    assert (await typing.open(typing.staff))["number"] == 3
    assert "board" not in typing.bernd.outbox.signals  # type: ignore[attr-defined]
    same = await typing.write(typing.anna, page.doc.get_update())
    assert (same, await typing.rows()) == (3, 3)


async def test_many_updates_become_one_and_no_letter_is_lost(typing: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "COMPACT_AFTER", 10)
    page = Page()
    updates = [page.type(1, letter) for letter in "abcdefghijklmnopqrstuvwxyz"]
    await asyncio.gather(*(typing.write(typing.anna, update) for update in updates))
    assert await typing.stored() == ["abcdefghijklmnopqrstuvwxyz", "", ""]
    assert await typing.rows() < 12
    assert (await typing.open(typing.anna))["number"] == 26


async def test_a_board_is_the_same_after_a_restart(tmp_path: Path) -> None:
    page = Page()
    async with open_room(tmp_path) as room:
        typing = Typing(room)
        await typing.begin()
        await typing.write(typing.anna, page.type(0, "Vor dem Neustart"))
    async with open_room(tmp_path) as room:
        typing = Typing(room)
        typing.anna = await room.enter(ANNA, GROUPS)
        room.clock.turn(seconds=60)
        opened = await typing.open(typing.anna)
        fresh: Doc[Text] = Doc()
        fresh.apply_update(b64decode(opened["update"]))
        assert str(fresh.get(FIRST, type=Text)) == "Vor dem Neustart"
        assert await typing.write(typing.anna, page.type(1, ", und danach")) == 2
        assert (await typing.stored())[0] == "Vor dem Neustart, und danach"


async def test_one_bad_update_spoils_no_other(typing: Typing) -> None:
    page, other = Page(), Page()
    good = [page.type(1, "eins"), page.type(1, " zwei")]
    huge = other.type(0, "x" * (FIELD_LETTERS + 1))
    writes = (good[0], huge, b"\x01\x02", good[1])
    outcomes = await asyncio.gather(*(typing.write(typing.anna, update) for update in writes), return_exceptions=True)
    assert [getattr(o, "code", o) for o in outcomes] == [1, "board.full", "board.malformed", 2]
    assert (await typing.stored())[0] == "eins zwei"


async def test_only_the_room_and_staff_read_and_write(typing: Typing) -> None:
    word = Page().type(0, "Fremd")
    production = await typing.room.enter(PRODUCTION, GROUPS)
    for visit, room in ((typing.bernd, ROOM), (typing.anna, ELSEWHERE), (production, ROOM), (typing.staff, "nirgends")):
        for attempt in (typing.open(visit, room=room), typing.write(visit, word, room)):
            with pytest.raises(ConferenceError, match=r"not_allowed|board\.foreign"):
                await attempt
        with pytest.raises(ConferenceError, match=r"not_allowed|bad_request"):
            await typing.room.do(visit, "board.point", session=GROUPS, room=room, field=0, cursor="")
        with pytest.raises(ConferenceError, match=r"not_allowed|board\.foreign"):
            await typing.room.do(visit, "board.mark", session=GROUPS, room=room, light="done")
    for command, body in (("board.list", {}), ("board.show", {"groups": GROUPS, "room": ROOM}), ("board.hide", {})):
        with pytest.raises(ConferenceError, match="not_allowed"):
            await typing.room.do(typing.anna, command, session=GROUPS, **body)
    assert await typing.rows() == 0


async def test_who_leaves_a_room_hears_no_letter_more(typing: Typing) -> None:
    await typing.open(typing.anna)
    await typing.open(typing.staff)
    ear: Any = typing.anna.outbox
    gone = typing.anna.person.public_id
    await typing.room.do(typing.staff, "breakouts.move", session=GROUPS, person=gone, room=ELSEWHERE)
    await typing.write(typing.staff, Page().type(0, "Unter uns"))
    staff: Any = typing.staff.outbox
    await until(lambda: "board" in staff.signals)
    assert "board" not in ear.signals


async def test_after_the_end_it_is_read_only_and_can_be_shown(typing: Typing) -> None:
    page = Page()
    await typing.write(typing.anna, page.type(0, "- Mut\n• Zeit"))
    await typing.room.do(typing.anna, "board.mark", session=GROUPS, room=ROOM, light="done")
    await typing.room.do(typing.staff, "session.move", session=GROUPS, to="ended")
    typing.room.clock.turn(seconds=LATE_SECONDS + 1)
    with pytest.raises(ConferenceError, match=r"board\.closed"):
        await typing.write(typing.anna, page.type(1, "!"))
    assert (await typing.open(typing.anna))["number"] == 1
    stage, hall = await typing.room.enter(MODERATOR, LIVE), await typing.room.enter(None, LIVE)
    await typing.room.do(stage, "board.show", session=LIVE, groups=GROUPS, room=ROOM)
    shown = (await typing.room.snapshot(hall))["board"]
    assert (shown["title"], shown["light"], shown["fields"][0]["text"]) == (
        "AG 1 – Berufliche Orientierung und Ausbildung",
        "done",
        "- Mut\n• Zeit",
    )
    with pytest.raises(ConferenceError, match="bad_request"):
        await typing.room.do(typing.staff, "board.show", session=GROUPS, groups=GROUPS, room=ROOM)


async def test_who_writes_where_is_seen_until_they_go(typing: Typing) -> None:
    await typing.open(typing.anna)
    await typing.open(typing.staff)
    await typing.room.do(typing.anna, "board.point", session=GROUPS, room=ROOM, field=1, cursor="AAAA")
    ear: Any = typing.staff.outbox
    found = await until(lambda: ear.signals.get("writers", {}).get("who"))
    assert [(who["name"], who["field"], who["cursor"]) for who in found] == [(typing.anna.person.name, 1, "AAAA")]
    await typing.room.hall.leave(typing.anna)
    await until(lambda: ear.signals["writers"]["who"] == [])


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("board.open", {"state": "keine Base64"}),
        ("board.open", {"state": "/////w=="}),
        ("board.write", {"update": "A" * 60_000}),
        ("board.write", {"update": "AAA"}),
        ("board.point", {"field": -1, "cursor": ""}),
        ("board.point", {"field": 0, "cursor": "A" * 200}),
        ("board.mark", {"light": "blue"}),
    ],
)
async def test_malformed_commands_are_refused(typing: Typing, command: str, body: dict[str, Any]) -> None:
    with pytest.raises(ConferenceError, match=r"bad_request|board\.malformed"):
        await typing.room.do(typing.anna, command, session=GROUPS, room=ROOM, **body)


async def test_boards_are_exported(typing: Typing) -> None:
    await typing.write(typing.anna, Page().type(0, "=1+1\nMut *und* Zeit"))
    now = typing.room.clock.now()
    async with typing.room.store.reading() as db:
        table = (await export(db, "boards", "csv", now)).decode("utf-8-sig")
        text = (await export(db, "boards", "md", now)).decode()
        assert (await export(db, "boards", "xlsx", now)).startswith(b"PK")
    assert "Drei Kernaussagen" in table
    assert ";=1+1" not in table
    assert "### Drei Kernaussagen\n\n- =1+1\n- Mut \\*und\\* Zeit" in text


def test_lines_and_text() -> None:
    assert lines(" - eins\n\n•zwei \n* drei") == ["eins", "zwei", "drei"]
    assert markdown("T", [{"title": "AG", "fields": [{"name": "F", "text": ""}]}]) == "# T\n\n## AG\n\n### F\n\n–\n"
