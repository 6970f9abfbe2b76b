"""Coming on stage: announced, counted down on the server, put off, called off, or without a picture not at all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from conference.core.clock import iso
from conference.core.errors import ConferenceError
from conference.hall.visit import Visit
from conference.media.engine import MediaEvent
from conference.people.tables import PersonRow
from conference.sessions import queries
from conference.sessions.model import SCREEN_SLOT, Source
from conference.sessions.tables import StageRow
from tests.house import ANNA, MODERATOR, ORGANISER, SPEAKER
from tests.visits import Room, open_room

LIVE = "live-1"
MOEBBECK = "susi.moebbeck@example.org"


class Stage:
    """A session that runs, its moderator, and speakers backstage."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.people: dict[str, Visit] = {}

    async def open(self, *emails: str, state: str = "live") -> None:
        """The moderator is there, and speakers who send picture and sound."""
        for email in (MODERATOR, *emails):
            self.people[email] = await self.room.enter(email, LIVE)
        await self.do(MODERATOR, "session.move", to=state)
        for email in emails:
            await self.do(email, "stage.enter", source="camera")
            await self.send(email)

    async def send(self, email: str) -> None:
        """Picture and sound of a speaker arrive."""
        visit = self.people[email]
        answer = await self.room.hall.media.publish(LIVE, visit.person, visit.link, Source.CAMERA, "v=0\r\n")
        self.room.engine.report(MediaEvent("connected", answer.resource, visit.person.public_id, {}))

    async def lose(self, email: str) -> None:
        """They arrive no longer."""
        self.room.engine.lose_worker(*[r for r, owner in self.room.engine.owners.items() if owner == self.id(email)])

    def id(self, email: str) -> str:
        return self.people[email].person.public_id

    async def do(self, who: str, command: str, **body: Any) -> Any:
        return await self.room.do(self.people[who], command, session=LIVE, **body)

    async def refused(self, who: str, command: str, **body: Any) -> str:
        with pytest.raises(ConferenceError) as refused:
            await self.do(who, command, **body)
        return refused.value.code

    async def bring_on(self, email: str, **more: Any) -> None:
        await self.do(MODERATOR, "stage.bring_on", person=self.id(email), source="camera", **more)

    async def pass_(self, seconds: float) -> None:
        """Time passes, and the stage's clock strikes."""
        self.room.clock.turn(seconds=seconds)
        await self.room.hall.stage_clock.tick()

    async def names(self) -> set[str]:
        """Who is on stage."""
        stage = (await self.room.snapshot(self.people[MODERATOR]))["stage"]
        return {entry["name"] for entry in stage["slots"] if entry}

    async def waiting(self, email: str) -> dict[str, Any]:
        """Somebody's entry backstage."""
        stage = (await self.room.snapshot(self.people[MODERATOR]))["stage"]
        return next(entry for entry in stage["backstage"] if entry["person"] == self.id(email))


async def test_ten_seconds_later_they_are_on_stage(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER)
        await stage.bring_on(SPEAKER, seconds=10)
        at = iso(room.clock.now() + timedelta(seconds=10))
        assert (await stage.waiting(SPEAKER))["going_on_at"] == at
        await stage.pass_(5)
        await stage.bring_on(SPEAKER, seconds=10)
        assert (await stage.waiting(SPEAKER))["going_on_at"] == at, "pressed again, it comes no later"
        await stage.pass_(4.9)
        assert await stage.names() == set()
        await stage.pass_(0.1)
        assert await stage.names() == {"Dr. Michael Fleig"}
        await stage.do(MODERATOR, "stage.take_off", person=stage.id(SPEAKER), source="camera")
        assert (await stage.waiting(SPEAKER))["going_on_at"] is None


async def test_a_press_brings_on_at_once(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER, MOEBBECK)
        await stage.bring_on(SPEAKER)
        await stage.bring_on(MOEBBECK, seconds=10)
        await stage.bring_on(MOEBBECK, seconds=0)
        assert await stage.names() == {"Dr. Michael Fleig", "Susi Möbbeck"}
        await stage.pass_(20)
        assert len(await stage.names()) == 2


async def test_not_yet_puts_it_off_and_the_crew_is_told(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER)
        anna = await room.enter(ANNA, LIVE)
        await stage.bring_on(SPEAKER, seconds=10)
        await stage.do(SPEAKER, "stage.call_off", source="camera", person=None)
        ear: Any = stage.people[MODERATOR].outbox
        told = [fact["body"] for fact in ear.facts if fact["name"] == "stage.going_on"]
        assert (told[-1]["going_on_at"], told[-1]["waits"]) == (None, "not_yet")
        assert not any(fact["name"] == "stage.going_on" for fact in anna.outbox.facts), "backstage is the crew's"
        await stage.pass_(60)
        assert await stage.names() == set()
        assert (await stage.waiting(SPEAKER))["waits"] == "not_yet"
        await stage.bring_on(SPEAKER, seconds=10)
        assert (await stage.waiting(SPEAKER))["waits"] == ""


async def test_a_moderator_calls_it_off_and_nobody_else(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER, MOEBBECK)
        stage.people[ANNA] = await room.enter(ANNA, LIVE)
        await stage.bring_on(SPEAKER, seconds=10)
        for who in (ANNA, MOEBBECK):
            other = {"source": "camera", "person": stage.id(SPEAKER)}
            assert await stage.refused(who, "stage.call_off", **other) == "not_allowed"
        await stage.do(MODERATOR, "stage.call_off", source="camera", person=stage.id(SPEAKER))
        entry = await stage.waiting(SPEAKER)
        assert (entry["going_on_at"], entry["waits"]) == (None, "")
        await stage.pass_(60)
        assert await stage.names() == set()


async def test_without_a_picture_nobody_is_announced(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER)
        await stage.lose(SPEAKER)
        them = {"person": stage.id(SPEAKER), "source": "camera"}
        assert await stage.refused(MODERATOR, "stage.bring_on", **them, seconds=10) == "stage.no_media"
        await stage.bring_on(SPEAKER)
        assert await stage.names() == {"Dr. Michael Fleig"}, "at once it is the moderator's own decision"


async def test_a_picture_that_went_is_waited_for_and_then_told(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER, MOEBBECK)
        for email in (SPEAKER, MOEBBECK):
            await stage.bring_on(email, seconds=10)
            await stage.lose(email)
        await stage.pass_(12)
        assert await stage.names() == set()
        await stage.send(MOEBBECK)
        await stage.pass_(1)
        assert await stage.names() == {"Susi Möbbeck"}
        await stage.pass_(2)
        entry = await stage.waiting(SPEAKER)
        assert (entry["going_on_at"], entry["waits"]) == (None, "no_media")


async def test_a_restart_forgets_nobody(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER)
        await stage.bring_on(SPEAKER, seconds=10)
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        for email in (MODERATOR, SPEAKER):
            stage.people[email] = await room.enter(email, LIVE)
        assert (await stage.waiting(SPEAKER))["going_on_at"] is not None
        await stage.send(SPEAKER)
        await stage.pass_(10)
        assert await stage.names() == {"Dr. Michael Fleig"}


async def test_where_no_place_is_left_it_says_so(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER)
        await stage.bring_on(SPEAKER, seconds=10)
        async with room.store.unit() as unit:
            session = await queries.row(unit.db, LIVE)
            everybody = (await unit.db.execute(select(PersonRow.id).where(PersonRow.role == "participant"))).scalars()
            for slot, person in zip(range(SCREEN_SLOT), everybody, strict=False):
                unit.db.add(StageRow(session_id=session.id, person_id=person, source="camera", slot=slot, entered=100))
        await stage.pass_(10)
        assert (await stage.waiting(SPEAKER))["waits"] == "full"


async def test_a_name_stands_until_it_is_taken_away(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER)
        anna = stage.people[ANNA] = await room.enter(ANNA, LIVE)
        them = {"person": stage.id(SPEAKER), "source": "camera", "named": True}
        assert await stage.refused(MODERATOR, "stage.name", **them) == "stage.not_on"
        await stage.bring_on(SPEAKER)
        for who in (ANNA, SPEAKER):
            assert await stage.refused(who, "stage.name", **them) == "not_allowed"
        await stage.do(MODERATOR, "stage.name", **them)
        assert [entry["named"] for entry in (await room.snapshot(anna))["stage"]["slots"] if entry] == [True]
        await stage.do(MODERATOR, "stage.take_off", person=stage.id(SPEAKER), source="camera")
        await stage.bring_on(SPEAKER)
        assert [entry["named"] for entry in (await room.snapshot(anna))["stage"]["slots"] if entry] == [False]


async def test_the_run_of_show_announces_while_the_audience_watches(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        stage = Stage(room)
        await stage.open(SPEAKER, MOEBBECK)
        organiser = await room.enter(ORGANISER, LIVE)

        async def press(what: str = "direction.next") -> None:
            step = (await room.snapshot(organiser))["direction"]["step"]
            await room.do(organiser, what, session=LIVE, step=step)

        while (await _next(room, organiser)) != "live-1:part:diskussion":
            await press("direction.skip")
        await press()
        assert await stage.names() == set()
        assert (await stage.waiting(MOEBBECK))["going_on_at"] is not None
        await stage.pass_(10)
        assert await stage.names() == {"Susi Möbbeck"}
        await press()
        assert await stage.names() == set(), "the others go at once"
        await press("direction.undo")
        assert await stage.names() == {"Susi Möbbeck"}
        await stage.pass_(10)
        assert await stage.names() == {"Susi Möbbeck"}, "who was announced is not any more"
        await room.do(organiser, "direction.end_part", session=LIVE)
        assert await stage.names() == set()
        part = (await room.snapshot(organiser))["show"]["part"]
        assert (part["part"], part["ended"]) == ("diskussion", True)


async def _next(room: Room, visit: Visit) -> str:
    cues = (await room.snapshot(visit))["direction"]["cues"]
    return str(next(cue["key"] for cue in cues if cue["state"] == "waiting"))
