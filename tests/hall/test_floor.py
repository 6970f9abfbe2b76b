"""Who has the word is a fact: said by the server, slowly, and gone with him who had it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from conference.hall.visit import Visit
from conference.media.engine import MediaEvent
from conference.sessions.actions import stage
from conference.sessions.model import Source
from conference.store.facts_log import FactRow
from tests.house import ANNA, MODERATOR, SPEAKER
from tests.the_day import LIVE
from tests.visits import Page, Room, open_page, open_room

SECOND, THIRD = "susi.moebbeck@example.org", "susanne.wiedemeyer@example.org"


class Stage:
    """A live session with people on stage who speak and fall silent."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.visits: dict[str, Visit] = {}
        self.feeds: dict[str, str] = {}

    async def set_up(self, *emails: str) -> None:
        self.visits[MODERATOR] = await self.room.enter(MODERATOR, LIVE)
        self.visits[ANNA] = await self.room.enter(ANNA, LIVE)
        await self.do(MODERATOR, "session.move", to="live")
        for email in emails:
            visit = self.visits[email] = await self.room.enter(email, LIVE)
            await self.do(email, "stage.enter", source="camera")
            answer = await self.room.hall.media.publish(LIVE, visit.person, visit.link, Source.CAMERA, "v=0")
            self.feeds[email] = answer.resource
            await self.do(MODERATOR, "stage.bring_on", person=visit.person.public_id, source="camera")
        await self.room.hall.media.apply(LIVE)

    async def do(self, who: str, command: str, **body: Any) -> None:
        await self.room.do(self.visits[who], command, session=LIVE, **body)

    def speaks(self, email: str, speaking: bool = True) -> None:
        self.room.engine.report(MediaEvent("speaking", self.feeds[email], "", {"speaking": speaking}))

    async def passes(self, seconds: float) -> None:
        self.room.clock.turn(seconds)
        await self.room.hall.follow_speech()

    async def speaker(self) -> str | None:
        """Who has the word, in a fresh snapshot."""
        found = (await self.room.snapshot(self.visits[ANNA]))["stage"]["speaker"]
        names = {visit.person.public_id: email for email, visit in self.visits.items()}
        return names[found["person"]] if found else None

    def heard(self, email: str = ANNA) -> list[str | None]:
        """What the facts have said so far."""
        ear: Any = self.visits[email].outbox
        names = {visit.person.public_id: who for who, visit in self.visits.items()}
        return [names.get(f["body"]["person"] or "") for f in ear.facts if f["name"] == "speaker.changed"]


@pytest.fixture
async def on_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_room(tmp_path) as room:
        found = Stage(room)
        await found.set_up(SPEAKER, SECOND)
        yield found


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_page() as page:
        yield page


async def test_who_speaks_long_enough_has_the_word(on_stage: Stage) -> None:
    on_stage.speaks(SPEAKER)
    await on_stage.passes(1.4)
    assert (await on_stage.speaker(), on_stage.heard()) == (None, [])
    await on_stage.passes(0.1)
    assert (await on_stage.speaker(), on_stage.heard()) == (SPEAKER, [SPEAKER])
    await on_stage.passes(10)
    on_stage.speaks(SPEAKER, False)
    await on_stage.passes(60)
    assert (await on_stage.speaker(), on_stage.heard()) == (SPEAKER, [SPEAKER])


async def test_a_short_word_between_takes_it_from_nobody(on_stage: Stage) -> None:
    on_stage.speaks(SPEAKER)
    await on_stage.passes(5)
    on_stage.speaks(SECOND)
    await on_stage.passes(1.4)
    on_stage.speaks(SECOND, False)
    await on_stage.passes(5)
    assert on_stage.heard() == [SPEAKER]


async def test_who_speaks_into_it_has_the_word_until_he_ends(on_stage: Stage) -> None:
    on_stage.speaks(SPEAKER)
    await on_stage.passes(5)
    on_stage.speaks(SECOND)
    await on_stage.passes(2)
    on_stage.speaks(SECOND, False)
    await on_stage.passes(1.9)
    assert on_stage.heard() == [SPEAKER, SECOND]
    await on_stage.passes(0.1)
    assert on_stage.heard() == [SPEAKER, SECOND, SPEAKER]


async def test_it_changes_at_most_once_in_two_seconds(on_stage: Stage) -> None:
    changes = []
    for turn in range(40):
        on_stage.speaks((SPEAKER, SECOND)[turn % 2])
        on_stage.speaks((SECOND, SPEAKER)[turn % 2], False)
        for _ in range(16):
            before = len(on_stage.heard())
            await on_stage.passes(0.1)
            if len(on_stage.heard()) > before:
                changes.append(on_stage.room.clock.now())
    assert len(changes) > 10
    assert min((b - a).total_seconds() for a, b in itertools.pairwise(changes)) >= 2


@pytest.mark.parametrize(
    ("who", "command", "body"),
    [
        (SPEAKER, "stage.leave", {"source": "camera"}),
        (SPEAKER, "stage.set_tracks", {"source": "camera", "person": None, "audio": False, "video": True}),
        (MODERATOR, "stage.take_off", {"source": "camera", "person": SPEAKER}),
        (MODERATOR, "session.move", {"to": "backstage"}),
        (MODERATOR, "session.move", {"to": "ended"}),
    ],
    ids=["leaves", "mutes himself", "is taken off", "is interrupted", "is over"],
)
async def test_the_word_goes_with_him(
    on_stage: Stage, page: Page, who: str, command: str, body: dict[str, Any]
) -> None:
    born = await on_stage.room.snapshot(on_stage.visits[ANNA])
    on_stage.speaks(SPEAKER)
    await on_stage.passes(3)
    if body.get("person"):
        body = {**body, "person": on_stage.visits[SPEAKER].person.public_id}
    await on_stage.do(who, command, **body)
    await on_stage.passes(3)
    assert (await on_stage.speaker(), on_stage.heard()) == (None, [SPEAKER, None])
    for email in (ANNA, MODERATOR):
        ear: Any = on_stage.visits[email].outbox
        fresh = await on_stage.room.snapshot(on_stage.visits[email])
        assert page.apply(born, ear.facts)["stage"]["slots"] == fresh["stage"]["slots"]
        assert page.apply(born, ear.facts)["stage"]["speaker"] is None


async def test_muting_the_picture_leaves_the_word(on_stage: Stage) -> None:
    on_stage.speaks(SPEAKER)
    await on_stage.passes(3)
    await on_stage.do(SPEAKER, "stage.set_tracks", source="camera", person=None, audio=True, video=False)
    assert await on_stage.speaker() == SPEAKER


async def test_nobody_has_the_word_backstage_or_muted_or_before_it_begins(on_stage: Stage) -> None:
    await on_stage.do(SPEAKER, "stage.set_tracks", source="camera", person=None, audio=False, video=True)
    await on_stage.do(MODERATOR, "stage.take_off", person=on_stage.visits[SECOND].person.public_id, source="camera")
    await on_stage.room.hall.media.apply(LIVE)
    for email in (SPEAKER, SECOND):
        on_stage.speaks(email)
    await on_stage.passes(10)
    assert on_stage.heard() == []
    await on_stage.do(MODERATOR, "session.move", to="backstage")
    await on_stage.do(SPEAKER, "stage.set_tracks", source="camera", person=None, audio=True, video=True)
    await on_stage.passes(10)
    assert on_stage.heard() == []
    await on_stage.do(MODERATOR, "session.move", to="live")
    await on_stage.passes(0)
    assert on_stage.heard() == [SPEAKER]


async def test_nobody_speaks_through_a_shared_screen(on_stage: Stage) -> None:
    visit = on_stage.visits[SPEAKER]
    await on_stage.do(SPEAKER, "stage.enter", source="screen")
    answer = await on_stage.room.hall.media.publish(LIVE, visit.person, visit.link, Source.SCREEN, "v=0")
    await on_stage.do(MODERATOR, "stage.bring_on", person=visit.person.public_id, source="screen")
    await on_stage.room.hall.media.apply(LIVE)
    on_stage.room.engine.report(MediaEvent("speaking", answer.resource, "", {"speaking": True}))
    await on_stage.passes(5)
    assert on_stage.heard() == []


async def test_the_log_does_not_keep_who_spoke(on_stage: Stage) -> None:
    async def log() -> list[str | None]:
        async with on_stage.room.store.reading() as db:
            query = select(FactRow.body).where(FactRow.name == "speaker.changed").order_by(FactRow.number)
            return [body["person"] for body in (await db.execute(query)).scalars()]

    for email in (SPEAKER, SECOND, SPEAKER):
        on_stage.speaks(email)
        await on_stage.passes(3)
        on_stage.speaks(email, False)
    assert await log() == [None, None, on_stage.visits[SPEAKER].person.public_id]
    await on_stage.do(MODERATOR, "session.move", to="ended")
    assert await log() == [None] * 4


async def test_who_comes_back_hears_who_has_the_word_now(on_stage: Stage, page: Page) -> None:
    born = await on_stage.room.snapshot(on_stage.visits[ANNA])
    for email in (SPEAKER, SECOND):
        on_stage.speaks(email)
        await on_stage.passes(3)
    visit = on_stage.visits[ANNA]
    await on_stage.room.hall.leave(visit)
    hello = await on_stage.room.hall.enter(visit, born["numbers"])
    fresh = await on_stage.room.snapshot(visit)
    assert page.apply(born, hello["facts"])["stage"] == fresh["stage"]
    assert await on_stage.speaker() == SECOND


async def test_two_servers_cannot_give_the_word_to_two(on_stage: Stage) -> None:
    ids = [on_stage.visits[email].person.public_id for email in (SPEAKER, SECOND)]
    for person in (*ids, ids[1]):
        async with on_stage.room.store.unit() as unit:
            await stage.give_word(unit, LIVE, person, Source.CAMERA)
    assert (await on_stage.speaker(), on_stage.heard()) == (SECOND, [SPEAKER, SECOND])
