"""While something is done for all one after the other, others come: they hold nobody up and are not forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from conference.hall.visit import Visit
from tests.house import ANNA, BERND, MODERATOR
from tests.the_day import GROUPS
from tests.visits import Room, open_room


async def test_a_camera_that_comes_while_a_room_is_gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine takes its time to mute; meanwhile another camera is opened in the same room."""
    async with open_room(tmp_path) as room:
        staff, anna, bernd = [await room.enter(email, GROUPS) for email in (MODERATOR, ANNA, BERND)]
        for visit in (anna, bernd):
            body = {"session": GROUPS, "person": visit.person.public_id, "room": "ag1"}
            await room.do(staff, "breakouts.move", **body)
        await room.do(staff, "breakouts.start", session=GROUPS, minutes=30)
        room.clock.turn(seconds=21)
        await room.hall.groups.tick()
        for visit in (anna, bernd):
            await room.do(visit, "breakouts.enter", session=GROUPS)
        mute, muting, going_on = room.engine.mute, asyncio.Event(), asyncio.Event()

        async def slow(feed: str, **off: bool) -> None:
            muting.set()
            await going_on.wait()
            await mute(feed, **off)

        monkeypatch.setattr(room.engine, "mute", slow)
        first = asyncio.create_task(publish(room, anna))
        await muting.wait()
        second = asyncio.create_task(publish(room, bernd))
        while len(room.engine.open) < 2:
            await asyncio.sleep(0)
        going_on.set()
        feeds = [await first, await second]
        [gathered] = room.engine.gathered.values()
        assert gathered == feeds


async def publish(room: Room, visit: Visit) -> str:
    """Open a camera in the first room; the resource."""
    media = room.hall.groups.media
    return (await media.publish(GROUPS, "ag1", visit.person, visit.link, "v=0")).resource


async def test_a_page_that_opens_while_roles_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programme was imported again; a page opens between the reading of one visit's rooms and the next's."""
    async with open_room(tmp_path) as room:
        anna = await room.enter(ANNA, GROUPS)
        reading, coming = room.hall.store.reading, [BERND]

        def read_and_come() -> Any:
            if coming and room.hall.visits:
                room.hall.visits["late"] = anna
                anna.roles["live-1"] = anna.roles[GROUPS]
                coming.clear()
            return reading()

        everything = iter(range(2))

        def second_time() -> Any:
            return reading() if next(everything, None) == 0 else read_and_come()

        monkeypatch.setattr(room.hall.store, "reading", second_time)
        await room.hall.refresh_roles()
        monkeypatch.undo()
        del room.hall.visits["late"]
        assert coming == []
        assert anna.roles["live-1"] is anna.roles[GROUPS]
