"""The chat of a room: written and read in it alone, by staff who visit as well, in no page, log or answer of others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conference.core.errors import ConferenceError
from conference.exporting import export
from conference.hall.visit import Visit
from tests.house import ANNA, BERND, MODERATOR, PRODUCTION, until
from tests.the_day import AGAIN, GROUPS, HELLO
from tests.visits import Room, open_room

CLARA = "ildiko.beyer@example.org"
SECRET = "Nur unter uns"


class Groups:
    """Anna and Bernd are in ag2, Clara is in ag4; the rooms are open."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def come(self) -> None:
        emails = (MODERATOR, ANNA, BERND, CLARA)
        self.staff, self.anna, self.bernd, self.clara = [await self.room.enter(e, GROUPS) for e in emails]
        for visit, key in ((self.anna, "ag2"), (self.bernd, "ag2"), (self.clara, "ag4")):
            await self.do(self.staff, "breakouts.move", person=visit.person.public_id, room=key)
        await self.do(self.staff, "breakouts.start", minutes=30)
        await self.wait(21)
        for visit in (self.anna, self.bernd, self.clara):
            await self.do(visit, "breakouts.enter")

    async def do(self, visit: Visit, name: str, **body: Any) -> Any:
        return await self.room.do(visit, name, session=GROUPS, **body)

    async def refused(self, visit: Visit, name: str, **body: Any) -> str:
        with pytest.raises(ConferenceError) as refusal:
            await self.do(visit, name, **body)
        return refusal.value.code

    async def wait(self, seconds: float) -> None:
        self.room.clock.turn(seconds)
        await self.room.hall.groups.tick()

    async def say(self, visit: Visit, text: str = SECRET, message: str = HELLO, room: str = "ag2") -> None:
        await self.do(visit, "chat.say", room=room, message=message, text=text)

    async def read(self, visit: Visit, room: str = "ag2") -> list[str]:
        return [message["text"] for message in (await self.do(visit, "chat.read", room=room))["messages"]]


@pytest.fixture
async def groups(tmp_path: Path) -> AsyncIterator[Groups]:
    async with open_room(tmp_path) as room:
        groups = Groups(room)
        await groups.come()
        yield groups


def told(visit: Visit) -> str:
    ear: Any = visit.outbox
    return json.dumps([ear.facts, ear.signals], ensure_ascii=False)


async def test_a_room_is_read_by_those_in_it_and_staff_alone(groups: Groups) -> None:
    production, screen = await groups.room.enter(PRODUCTION, GROUPS), await groups.room.enter(None, GROUPS)
    before = (await groups.room.snapshot(groups.clara))["numbers"]
    await groups.say(groups.anna)
    await groups.say(groups.anna)  # sent again after a lost connection
    assert await groups.read(groups.bernd) == [SECRET]
    assert SECRET in told(groups.bernd)
    assert SECRET in told(groups.staff)
    for visit in (groups.clara, production, screen):
        assert SECRET not in told(visit) + json.dumps(await groups.room.snapshot(visit), ensure_ascii=False)
        assert await groups.refused(visit, "chat.read", room="ag2") == "not_allowed"
        assert await groups.refused(visit, "chat.watch", room="ag2", on=True) == "not_allowed"
        assert await groups.refused(visit, "chat.say", room="ag2", message=AGAIN, text="Hallo") == "not_allowed"
    assert await groups.refused(groups.clara, "chat.read", room="gibt-es-nicht") == "not_allowed"
    await groups.room.hall.leave(groups.clara)
    back = await groups.room.enter(CLARA, GROUPS)
    assert SECRET not in json.dumps(await groups.room.hall.enter(back, before), ensure_ascii=False)
    assert (await groups.room.snapshot(groups.anna))["chat"]["messages"] == []


async def test_whoever_is_moved_reads_the_new_room_and_no_longer_the_old(groups: Groups) -> None:
    await groups.say(groups.anna)
    await groups.say(groups.clara, "In vier", AGAIN, "ag4")
    await groups.do(groups.staff, "breakouts.move", person=groups.bernd.person.public_id, room="ag4")
    assert await groups.read(groups.bernd, "ag4") == ["In vier"]
    assert await groups.refused(groups.bernd, "chat.read", room="ag2") == "not_allowed"
    await groups.say(groups.anna, "Danach", "m-0000000000000009")
    assert "Danach" not in told(groups.bernd)


async def test_staff_writes_where_it_visits(groups: Groups) -> None:
    assert await groups.refused(groups.staff, "chat.say", room="ag2", message=HELLO, text="Na?") == "not_allowed"
    await groups.do(groups.staff, "breakouts.visit", room="ag2")
    await groups.say(groups.staff, "Wie kommen Sie voran?")
    assert await groups.read(groups.anna) == ["Wie kommen Sie voran?"]
    await groups.do(groups.staff, "breakouts.visit", room=None)
    assert await groups.refused(groups.staff, "chat.say", room="ag2", message=AGAIN, text="Na?") == "not_allowed"


async def test_letters_reach_the_room_alone(groups: Groups) -> None:
    for visit, room in ((groups.bernd, "ag2"), (groups.clara, None), (groups.staff, "ag4")):
        await groups.do(visit, "chat.watch", room=room, on=True)
    await groups.do(groups.anna, "chat.type", room="ag2", text="Gehe")
    await groups.do(groups.anna, "chat.type", room="ag2", text="Geheim")
    ear: Any = groups.bernd.outbox
    await until(lambda: [d["text"] for d in ear.signals.get("typing", {}).get("drafts", [])] == ["Geheim"])
    assert "Geheim" not in told(groups.clara) + told(groups.staff)
    assert await groups.refused(groups.clara, "chat.type", room="ag2", text="Hallo") == "not_allowed"
    await groups.say(groups.anna, "Geheimnis")
    await until(lambda: ear.signals["typing"]["drafts"] == [])


async def test_the_moderation_hides_mutes_and_closes_there_as_well(groups: Groups) -> None:
    await groups.say(groups.anna, "Unsinn")
    await groups.do(groups.staff, "chat.hide", message=HELLO, hidden=True)
    assert await groups.read(groups.bernd) == []
    assert await groups.read(groups.staff) == ["Unsinn"]
    returned = await groups.room.hall.enter(await groups.room.enter(BERND, GROUPS), {GROUPS: 1})
    assert "Unsinn" not in json.dumps(returned, ensure_ascii=False)
    await groups.do(groups.staff, "chat.mute", person=groups.anna.person.public_id, muted=True)
    assert await groups.refused(groups.anna, "chat.say", room="ag2", message=AGAIN, text="Aber") == "chat.muted"
    await groups.do(groups.staff, "chat.settings", open=False)
    assert await groups.refused(groups.bernd, "chat.say", room="ag2", message=AGAIN, text="Aber") == "chat.closed"


async def test_after_the_end_nothing_is_written_in_a_room(groups: Groups) -> None:
    await groups.do(groups.staff, "breakouts.recall")
    await groups.wait(61)
    assert await groups.refused(groups.anna, "chat.say", room="ag2", message=HELLO, text="Noch da?") == (
        "breakouts.closed"
    )


async def test_the_export_tells_rooms_apart_and_leaves_hidden_words_out(groups: Groups) -> None:
    await groups.say(groups.anna, "Erstens")
    await groups.say(groups.bernd, "Unsinn", AGAIN)
    await groups.do(groups.clara, "chat.say", room=None, message="m-0000000000000009", text="Im Plenum")
    await groups.do(groups.staff, "chat.hide", message=AGAIN, hidden=True)
    async with groups.room.store.reading() as db:
        found = json.loads(await export(db, "chat", "json", groups.room.clock.now()))
        table = (await export(db, "chat", "csv", groups.room.clock.now())).decode("utf-8-sig")
    said = [(entry["room"], entry["number"], entry["text"], entry["hidden"]) for entry in found]
    assert said == [(None, 1, "Im Plenum", False), ("ag2", 1, "Erstens", False), ("ag2", 2, None, True)]
    assert "AG 2 – Weiterbildung im Wandel" in table
    assert "Unsinn" not in table
