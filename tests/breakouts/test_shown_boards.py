"""What the groups wrote, back in the plenary: closing sentences arrive, boards rise in the moderator's order."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from conference.breakouts.boards.model import LATE_SECONDS, in_order, root
from conference.core.errors import ConferenceError
from conference.direction import queries as direction
from conference.hall.visit import Visit
from tests.house import ANNA, BERND, MODERATOR
from tests.the_day import GROUPS
from tests.visits import Room, open_room

STAGE = "live-2"


class Boards:
    """Anna writes in ag1, Bernd in ag3; the moderator has a page of the groups and one of the stage."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.docs: dict[str, Doc[Text]] = {}

    async def come(self) -> None:
        self.staff, self.lilie = await self.room.enter(MODERATOR, GROUPS), await self.room.enter(MODERATOR, STAGE)
        self.anna, self.bernd = await self.room.enter(ANNA, GROUPS), await self.room.enter(BERND, GROUPS)
        for visit, key in ((self.anna, "ag1"), (self.bernd, "ag3")):
            await self.do(self.staff, "breakouts.move", person=visit.person.public_id, room=key)
        await self.do(self.staff, "breakouts.start", minutes=30)
        await self.wait(21)

    async def do(self, visit: Visit, name: str, **body: Any) -> Any:
        return await self.room.do(visit, name, session=visit.session, **body)

    async def refused(self, visit: Visit, name: str, **body: Any) -> str:
        with pytest.raises(ConferenceError) as refusal:
            await self.do(visit, name, **body)
        return refusal.value.code

    async def wait(self, seconds: float) -> None:
        self.room.clock.turn(seconds)
        await self.room.hall.groups.tick()

    def typed(self, room: str, words: str) -> dict[str, Any]:
        """The body of a command that types into a board's first field."""
        doc = self.docs.setdefault(room, Doc())
        before = doc.get_state()
        text = doc.get(root(0), type=Text)
        text.insert(len(str(text).encode()), words)
        return {"room": room, "update": b64encode(doc.get_update(before)).decode()}

    async def write(self, visit: Visit, room: str, words: str) -> None:
        await self.do(visit, "board.write", **self.typed(room, words))

    async def shown(self) -> tuple[str, str] | None:
        """Which room's board the stage shows, and what stands in its first field."""
        board = (await self.room.snapshot(self.lilie))["board"]
        return (board["room"], board["fields"][0]["text"]) if board else None

    async def order(self, *rooms: str) -> None:
        await self.do(self.lilie, "board.order", groups=GROUPS, rooms=list(rooms))

    async def listed(self) -> list[str]:
        return [page["room"] for page in await self.do(self.lilie, "board.list")]

    async def press(self, command: str = "direction.next") -> None:
        async with self.room.store.reading() as db:
            step = (await direction.direction_view(db))["step"]
        sure = {"sure": True} if command == "direction.next" else {}
        await self.do(self.lilie, command, step=step, **sure)

    async def to(self, key: str) -> None:
        """Skip until this cue is the next."""
        for _ in range(60):
            async with self.room.store.reading() as db:
                cues = (await direction.direction_view(db))["cues"]
            if next(cue["key"] for cue in cues if cue["state"] == "waiting") == key:
                return
            await self.press("direction.skip")
        raise AssertionError(key)


@pytest.fixture
async def boards(tmp_path: Path) -> AsyncIterator[Boards]:
    async with open_room(tmp_path) as room:
        boards = Boards(room)
        await boards.come()
        yield boards


async def test_a_closing_sentence_that_arrives_late_counts(boards: Boards) -> None:
    await boards.write(boards.anna, "ag1", "Erstens")
    await boards.do(boards.staff, "breakouts.recall")
    await boards.wait(61)
    await boards.do(boards.staff, "session.move", to="ended")
    await boards.do(boards.lilie, "session.move", to="live")
    await boards.do(boards.lilie, "board.show", groups=GROUPS, room="ag1")
    assert await boards.shown() == ("ag1", "Erstens")
    await boards.write(boards.anna, "ag1", " und zweitens")
    assert await boards.shown() == ("ag1", "Erstens und zweitens")
    assert await boards.refused(boards.bernd, "board.write", **boards.typed("ag1", "!")) == "board.foreign"
    await boards.wait(LATE_SECONDS + 1)
    assert await boards.refused(boards.bernd, "board.write", **boards.typed("ag3", "Zu spät")) == "board.closed"


async def test_a_sentence_that_is_typed_is_waited_for_a_little(boards: Boards) -> None:
    await boards.do(boards.staff, "breakouts.recall")
    await boards.do(boards.anna, "board.open", room="ag1", state=b64encode(b"\x00").decode())
    await boards.write(boards.anna, "ag1", "Noch ein Satz")
    await boards.wait(61)
    assert (await boards.room.snapshot(boards.anna))["breakouts"]["round"]["phase"] == "open"
    await boards.wait(10)
    assert (await boards.room.snapshot(boards.anna))["breakouts"]["round"]["phase"] == "closed"


async def test_boards_stand_as_the_moderator_puts_them(boards: Boards) -> None:
    await boards.order("ag3", "ag1")
    assert await boards.listed() == ["ag3", "ag1", "ag2", "ag4", "ag5"]
    await boards.order("ag3", "ag1")
    ear: Any = boards.lilie.outbox
    assert [f["body"]["rooms"] for f in ear.facts if f["name"] == "boards.ordered"] == [["ag3", "ag1"]]
    heard: Any = boards.anna.outbox
    assert "boards.ordered" not in {fact["name"] for fact in heard.facts}
    for rooms in (["ag3", "ag3"], ["gibt-es-nicht"]):
        assert await boards.refused(boards.lilie, "board.order", groups=GROUPS, rooms=rooms) == "bad_request"
    assert await boards.refused(boards.lilie, "board.order", groups=STAGE, rooms=[]) == "not_found"
    assert await boards.refused(boards.anna, "board.order", groups=GROUPS, rooms=["ag1"]) == "not_allowed"


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdefgh"), unique=True))
def test_an_order_leaves_nobody_out(rooms: list[str], wanted: list[str]) -> None:
    found = in_order(rooms, wanted)
    assert sorted(found) == sorted(rooms)
    assert [room for room in found if room in wanted] == [room for room in wanted if room in rooms]


async def test_the_first_board_rises_with_its_part_and_goes_with_it(boards: Boards) -> None:
    await boards.write(boards.anna, "ag1", "Aus eins")
    await boards.write(boards.bernd, "ag3", "Aus drei")
    await boards.order("ag2", "ag3", "ag1")
    await boards.do(boards.staff, "session.move", to="ended")
    await boards.do(boards.lilie, "session.move", to="live")
    await boards.to("live-2:boards:ergebnisse")
    await boards.press()
    assert await boards.shown() == ("ag3", "Aus drei")  # nothing stands on ag2's
    assert (await boards.room.snapshot(boards.anna))["show"]["part"]["part"] == "ergebnisse"
    await boards.press("direction.undo")
    assert await boards.shown() is None
    await boards.press()
    await boards.do(boards.lilie, "board.show", groups=GROUPS, room="ag1")
    await boards.press()  # hands over to the talk
    assert await boards.shown() is None
    await boards.press("direction.undo")
    assert await boards.shown() == ("ag1", "Aus eins")


async def test_without_a_word_on_any_board_the_part_begins_all_the_same(boards: Boards) -> None:
    await boards.do(boards.lilie, "session.move", to="live")
    await boards.to("live-2:boards:ergebnisse")
    await boards.press()
    assert await boards.shown() is None
    assert (await boards.room.snapshot(boards.anna))["show"]["part"]["part"] == "ergebnisse"
