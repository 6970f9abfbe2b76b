"""Whoever is called up speaks on stage as a guest: with the hand called, and not a moment longer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conference.core.errors import ConferenceError, NotAllowed
from conference.hall.visit import Visit
from conference.sessions.model import Source
from tests.house import ANNA, BERND, MODERATOR, SPEAKER
from tests.the_day import LIVE
from tests.visits import Room, open_room


class Plenary:
    """The session runs; Anna and Bernd have put their hands up."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def come(self) -> None:
        emails = (MODERATOR, SPEAKER, ANNA, BERND)
        self.moderator, self.speaker, self.anna, self.bernd = [await self.room.enter(e, LIVE) for e in emails]
        await self.do(self.moderator, "session.move", to="live")
        for visit in (self.anna, self.bernd):
            await self.do(visit, "session.join")
            await self.do(visit, "hand.raise", up=True)

    async def do(self, visit: Visit, name: str, **body: Any) -> Any:
        return await self.room.do(visit, name, session=LIVE, **body)

    async def refused(self, visit: Visit, name: str, **body: Any) -> str:
        with pytest.raises(ConferenceError) as refusal:
            await self.do(visit, name, **body)
        return refusal.value.code

    async def call(self, visit: Visit) -> None:
        await self.do(self.moderator, "hand.call", person=visit.person.public_id)

    async def publish(self, visit: Visit, source: Source = Source.CAMERA) -> str:
        return (await self.room.hall.media.publish(LIVE, visit.person, visit.link, source, "v=0")).resource

    async def may_publish(self, visit: Visit, source: Source = Source.CAMERA) -> bool:
        try:
            await self.publish(visit, source)
        except NotAllowed:
            return False
        return True

    async def on_stage(self) -> list[str]:
        slots = (await self.room.snapshot(self.bernd))["stage"]["slots"]
        return [entry["person"] for entry in slots if entry]

    async def backstage(self) -> list[str]:
        return [entry["person"] for entry in (await self.room.snapshot(self.moderator))["stage"]["backstage"]]


@pytest.fixture
async def plenary(tmp_path: Path) -> AsyncIterator[Plenary]:
    async with open_room(tmp_path) as room:
        plenary = Plenary(room)
        await plenary.come()
        yield plenary


async def test_only_who_is_called_up_comes_on_stage_and_may_send(plenary: Plenary) -> None:
    assert await plenary.refused(plenary.anna, "hand.speak", video=False) == "hand.not_called"
    await plenary.call(plenary.anna)
    assert not await plenary.may_publish(plenary.anna)  # called, and has not accepted
    assert await plenary.refused(plenary.bernd, "hand.speak", video=True) == "hand.not_called"
    assert await plenary.refused(plenary.anna, "stage.enter", source="screen") == "not_allowed"
    await plenary.do(plenary.anna, "hand.speak", video=False)
    await plenary.do(plenary.anna, "hand.speak", video=False)
    assert await plenary.on_stage() == [plenary.anna.person.public_id]
    feed = await plenary.publish(plenary.anna)
    await plenary.room.hall.media.apply(LIVE)
    assert plenary.room.engine.muted[feed] == (False, True)
    assert not await plenary.may_publish(plenary.anna, Source.SCREEN)
    assert not await plenary.may_publish(plenary.bernd)
    await plenary.do(plenary.anna, "stage.set_tracks", source="camera", audio=True, video=True, person=None)
    mine = {"source": "camera", "audio": True, "video": True, "person": None}
    assert await plenary.refused(plenary.bernd, "stage.set_tracks", **mine) == "not_allowed"


@pytest.mark.parametrize("way", ["lower", "lower all", "own", "next", "leave", "take off", "no hands", "end"])
async def test_with_the_hand_the_guest_is_gone_from_the_stage(plenary: Plenary, way: str) -> None:
    await plenary.call(plenary.anna)
    await plenary.do(plenary.anna, "hand.speak", video=True)
    feed = await plenary.publish(plenary.anna)
    anna = plenary.anna.person.public_id
    match way:
        case "lower":
            await plenary.do(plenary.moderator, "hand.lower", person=anna)
        case "lower all":
            await plenary.do(plenary.moderator, "hand.lower", person=None)
        case "own":
            await plenary.do(plenary.anna, "hand.raise", up=False)
        case "next":
            await plenary.call(plenary.bernd)
        case "leave":
            await plenary.do(plenary.anna, "session.leave")
        case "take off":
            await plenary.do(plenary.moderator, "stage.take_off", person=anna, source="camera")
        case "no hands":
            settings = {"open": True, "approval": True, "anonymous": True, "hands": False, "reactions": True}
            await plenary.do(plenary.moderator, "question.settings", **settings)
        case "end":
            await plenary.do(plenary.moderator, "session.move", to="ended")
    await plenary.room.hall.media.apply(LIVE)
    assert await plenary.on_stage() == await plenary.backstage() == []
    assert feed not in plenary.room.engine.open
    assert not await plenary.may_publish(plenary.anna)
    assert await plenary.refused(plenary.anna, "hand.speak", video=True) == "hand.not_called"


async def test_a_speaker_whose_hand_goes_down_stays_where_he_is(plenary: Plenary) -> None:
    await plenary.do(plenary.speaker, "stage.enter", source="camera")
    await plenary.do(plenary.speaker, "hand.raise", up=True)
    await plenary.call(plenary.speaker)
    await plenary.call(plenary.anna)
    assert await plenary.backstage() == [plenary.speaker.person.public_id]
    await plenary.do(plenary.anna, "hand.speak", video=False)
    await plenary.do(plenary.moderator, "hand.lower", person=None)
    assert await plenary.backstage() == [plenary.speaker.person.public_id]
