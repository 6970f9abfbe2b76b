"""The programme's two feeds, a return for one speaker alone, talk-back: who is sent what, and who is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.core.errors import ConferenceError, NotAllowed, NotFound
from conference.core.roles import Role
from conference.direction import log
from conference.hall.foldback import RETURN_SLOT
from conference.hall.programme import PATIENCE, ProgrammeWatch
from conference.hall.visit import Visit
from conference.media.engine import MediaEvent
from conference.sessions.model import Feed, Source
from tests.house import ANNA, MODERATOR, ORGANISER, PRODUCTION, SPEAKER
from tests.the_day import LIVE
from tests.visits import Room, open_room

SECOND = "susi.moebbeck@example.org"
SECONDS = timedelta(seconds=1)
STAGE, BACKSTAGE = f"stage/{LIVE}", f"backstage/{LIVE}"


class Feeds:
    """A live session, the production's encoders, and people backstage."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.media = room.hall.media
        self.visits: dict[str, Visit] = {}

    async def set_up(self) -> None:
        for email in (MODERATOR, PRODUCTION, ANNA, SPEAKER, SECOND, ORGANISER):
            self.visits[email] = await self.room.enter(email, LIVE)
        await self.do(MODERATOR, "session.move", to="live")

    def id(self, email: str) -> str:
        return self.visits[email].person.public_id

    async def do(self, who: str, command: str, **body: Any) -> Any:
        return await self.room.do(self.visits[who], command, session=LIVE, **body)

    async def sends(self, feed: Feed, *, moving: bool = True) -> str:
        """An encoder sends one of the programme's feeds."""
        visit = self.visits[PRODUCTION]
        answer = await self.media.publish(LIVE, visit.person, visit.link, Source.PROGRAMME, "v=0", feed)
        self.room.engine.report(MediaEvent("connected", answer.resource, ""))
        if moving:
            self.picture(answer.resource, True)
        return answer.resource

    def picture(self, feed: str, moving: bool) -> None:
        self.room.engine.report(MediaEvent("picture", feed, "", {"moving": moving}))

    async def passes(self, seconds: float) -> None:
        self.room.clock.turn(seconds)
        await self.room.hall.follow_pictures()
        await self.media.apply(LIVE)

    def on_stage(self) -> str | None:
        """What flows in the first slot of everybody's stage."""
        return self.room.engine.slots[STAGE][0]

    async def air(self, who: str = MODERATOR) -> Any:
        return (await self.room.snapshot(self.visits[who]))["stage"]["air"].get(self.id(PRODUCTION))

    async def comes(self, email: str) -> str:
        """Somebody goes backstage, opens the page there, and is on camera."""
        visit = self.visits[email]
        await self.do(email, "stage.enter", source="camera")
        answer = await self.media.publish(LIVE, visit.person, visit.link, Source.CAMERA, "v=0")
        await self.media.view(LIVE, visit.person, visit.link, "foldback", "v=0")
        return answer.resource

    async def talks(self, email: str) -> str:
        visit = self.visits[email]
        return (await self.media.publish_talkback(LIVE, visit.person, visit.link, "v=0")).resource

    async def alone(self, email: str) -> list[str | None]:
        """What somebody is sent alone."""
        await self.media.apply(LIVE)
        return self.room.engine.slots[f"foldback/{LIVE}/{self.id(email)}"]

    def ear(self, email: str) -> Any:
        return self.visits[email].outbox


@pytest.fixture
async def feeds(tmp_path: Path) -> AsyncIterator[Feeds]:
    async with open_room(tmp_path) as room:
        found = Feeds(room)
        await found.set_up()
        yield found


# --- main and backup ------------------------------------------------------------------------------------------------


async def test_the_backup_takes_over_by_itself_and_the_main_feed_comes_back_by_hand(feeds: Feeds) -> None:
    main, backup = await feeds.sends(Feed.MAIN), await feeds.sends(Feed.BACKUP)
    await feeds.passes(60)
    assert (feeds.on_stage(), await feeds.air()) == (main, None)
    slots = (await feeds.room.snapshot(feeds.visits[ANNA]))["stage"]["slots"]
    assert [entry["source"] for entry in slots if entry] == ["programme"]
    feeds.picture(main, False)
    await feeds.passes(0)
    assert feeds.on_stage() == backup
    assert await feeds.air() == {"feed": "backup", "automatic": True}
    assert (await feeds.room.snapshot(feeds.visits[ANNA]))["stage"]["air"] == {}
    feeds.picture(main, True)
    await feeds.passes(3600)
    assert feeds.on_stage() == backup
    await feeds.do(PRODUCTION, "stage.put_on_air", person=feeds.id(PRODUCTION), feed="main")
    await feeds.passes(0)
    assert (feeds.on_stage(), await feeds.air()) == (main, None)
    await feeds.do(MODERATOR, "stage.put_on_air", person=feeds.id(PRODUCTION), feed="backup")
    await feeds.passes(60)
    assert (feeds.on_stage(), await feeds.air()) == (backup, {"feed": "backup", "automatic": False})
    async with feeds.room.store.reading() as db:
        said = [(entry.who, entry.what) for entry in await log.entries(db) if entry.name == "stage.on_air"]
    assert [who for who, _ in said] == [log.CLOCK, feeds.visits[PRODUCTION].person.name, "Oliver Lilie"]
    assert "von selbst" in said[0][1]
    facts = {who: [f for f in feeds.ear(who).facts if f["name"] == "stage.on_air"] for who in (ANNA, SPEAKER)}
    assert (len(facts[ANNA]), len(facts[SPEAKER])) == (0, 3)


async def test_a_lost_connection_gives_way_at_once_and_an_encoder_that_begins_anew_has_a_moment(feeds: Feeds) -> None:
    await feeds.sends(Feed.MAIN)
    backup = await feeds.sends(Feed.BACKUP)
    await feeds.passes(10)
    again = await feeds.sends(Feed.MAIN, moving=False)  # the connection before it is closed
    await feeds.passes(2)
    assert feeds.on_stage() == again
    feeds.picture(again, True)
    await feeds.passes(10)
    assert feeds.on_stage() == again
    await feeds.room.engine.close(again)
    await feeds.passes(0)
    assert feeds.on_stage() == backup
    main = await feeds.sends(Feed.MAIN)
    await feeds.passes(1)
    await feeds.room.engine.close(backup)  # nobody shall look at nothing while there is a picture
    await feeds.passes(0)
    assert feeds.on_stage() == main


async def test_a_feed_that_never_had_a_picture_is_waited_for_three_seconds(feeds: Feeds) -> None:
    backup = await feeds.sends(Feed.BACKUP)
    await feeds.passes(2.9)
    assert feeds.on_stage() is None
    await feeds.passes(0.1)
    assert feeds.on_stage() == backup


async def test_when_both_fail_nothing_is_said_to_arrive(feeds: Feeds) -> None:
    main, backup = await feeds.sends(Feed.MAIN), await feeds.sends(Feed.BACKUP)
    await feeds.passes(1)
    programme = f"{feeds.id(PRODUCTION)}/programme"
    assert feeds.media.arriving(LIVE, Role.PARTICIPANT) == [programme]
    assert feeds.media.arriving(LIVE, Role.MODERATOR) == [f"{feeds.id(PRODUCTION)}/backup", programme]
    feeds.picture(backup, False)
    feeds.picture(main, False)
    await feeds.passes(60)
    assert (feeds.on_stage(), feeds.media.arriving(LIVE, Role.MODERATOR)) == (main, [])
    feeds.picture(backup, True)
    await feeds.passes(3)
    assert feeds.on_stage() == backup
    assert feeds.media.arriving(LIVE, Role.PARTICIPANT) == [programme]


async def test_which_feed_is_on_air_outlives_the_worker_and_the_server(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        before = Feeds(room)
        await before.set_up()
        main = await before.sends(Feed.MAIN)
        await before.sends(Feed.BACKUP)
        await before.passes(1)
        before.picture(main, False)
        await before.passes(0)
        room.engine.lose_worker()
        await before.sends(Feed.MAIN)
        await before.passes(1)
        backup = await before.sends(Feed.BACKUP)
        await before.passes(60)
        assert before.on_stage() == backup
    async with open_room(tmp_path) as room:
        after = Feeds(room)
        await after.set_up()
        main, backup = await after.sends(Feed.MAIN), await after.sends(Feed.BACKUP)
        await after.passes(60)
        assert (after.on_stage(), await after.air()) == (backup, {"feed": "backup", "automatic": True})


async def test_the_feed_that_stands_by_is_seen_backstage_alone_and_muted_with_the_other(feeds: Feeds) -> None:
    main, backup = await feeds.sends(Feed.MAIN), await feeds.sends(Feed.BACKUP)
    await feeds.passes(0)
    assert (feeds.room.engine.slots[BACKSTAGE][0], feeds.room.engine.slots[BACKSTAGE][8]) == (main, backup)
    assert backup not in feeds.room.engine.slots[STAGE]
    mute = {"person": feeds.id(PRODUCTION), "source": "programme", "audio": False, "video": True}
    await feeds.do(MODERATOR, "stage.set_tracks", **mute)
    await feeds.passes(0)
    assert [feeds.room.engine.muted[feed] for feed in (main, backup)] == [(True, False)] * 2


async def test_only_the_production_sends_a_backup_and_only_those_in_charge_change_over(feeds: Feeds) -> None:
    await feeds.sends(Feed.MAIN)
    speaker = feeds.visits[SPEAKER]
    with pytest.raises(NotAllowed):
        await feeds.media.publish(LIVE, speaker.person, speaker.link, Source.PROGRAMME, "v=0", Feed.BACKUP)
    for who in (SPEAKER, ANNA):
        with pytest.raises(NotAllowed):
            await feeds.do(who, "stage.put_on_air", person=feeds.id(PRODUCTION), feed="backup")
    with pytest.raises(NotFound):
        await feeds.do(ORGANISER, "stage.put_on_air", person=feeds.id(SPEAKER), feed="backup")


WORDS = st.sampled_from(["opened", "moves", "stands"])
FEEDS = {"main": ("s", "p", "programme"), "backup": ("s", "p", "backup")}


@given(st.lists(st.tuples(WORDS, st.sampled_from(["main", "backup"]), st.floats(0, 5)), max_size=30))
def test_nobody_looks_at_a_picture_that_stands_while_the_other_moves(story: list[tuple[str, str, float]]) -> None:
    """What is seen never changes while it moves, and always does when it has failed for long beside one that moves."""
    watch, now, on_air = ProgrammeWatch(), datetime(2026, 6, 17, tzinfo=UTC), "main"
    for word, feed, seconds in story:
        getattr(watch, word)(FEEDS[feed], now)
        other = "backup" if on_air == "main" else "main"
        assert not (watch.is_moving(FEEDS[on_air]) and watch.gives_way(FEEDS[on_air], FEEDS[other], now))
        now += timedelta(seconds=seconds)
        if watch.gives_way(FEEDS[on_air], FEEDS[other], now):
            assert watch.is_moving(FEEDS[other])
            on_air, other = other, on_air
        late = now + PATIENCE
        if watch.is_moving(FEEDS[other]) and not watch.is_moving(FEEDS[on_air]):
            assert watch.gives_way(FEEDS[on_air], FEEDS[other], late)


# --- what one person is sent alone ----------------------------------------------------------------------------------


async def test_those_who_wait_see_and_hear_each_other_and_nobody_on_stage_does(feeds: Feeds) -> None:
    one, two = await feeds.comes(SPEAKER), await feeds.comes(SECOND)
    assert (await feeds.alone(SPEAKER))[0] == two
    assert (await feeds.alone(SECOND))[0] == one
    await feeds.do(MODERATOR, "stage.bring_on", person=feeds.id(SPEAKER), source="camera")
    assert await feeds.alone(SPEAKER) == [None] * 9
    assert (await feeds.alone(SECOND))[0] is None


async def test_a_return_goes_to_its_speaker_alone_and_only_on_stage(feeds: Feeds) -> None:
    await feeds.comes(SPEAKER)
    await feeds.comes(SECOND)
    production = feeds.visits[PRODUCTION]
    answer = await feeds.media.publish_return(LIVE, production.person, production.link, feeds.id(SPEAKER), "v=0")
    feeds.room.engine.report(MediaEvent("connected", answer.resource, ""))
    assert answer.resource not in await feeds.alone(SPEAKER)
    for who in (SPEAKER, SECOND):
        await feeds.do(MODERATOR, "stage.bring_on", person=feeds.id(who), source="camera")
    assert (await feeds.alone(SPEAKER))[RETURN_SLOT] == answer.resource
    shown = [room for room, slots in feeds.room.engine.slots.items() if answer.resource in slots]
    assert shown == [f"foldback/{LIVE}/{feeds.id(SPEAKER)}"]
    told = {who: (await feeds.room.snapshot(feeds.visits[who]))["signals"].get("foldback") for who in feeds.visits}
    assert {who: body["returns"] for who, body in told.items() if body} == {
        MODERATOR: False, PRODUCTION: False, SPEAKER: True, SECOND: False, ORGANISER: False,
    }  # fmt: skip
    assert told[ANNA] is None
    feeds.picture(answer.resource, False)  # what has come to stand is no return
    snapshot = await feeds.room.snapshot(feeds.visits[SPEAKER])
    assert not snapshot["signals"]["foldback"]["returns"]
    assert all("return" not in name for role in Role for name in feeds.media.arriving(LIVE, role))
    await feeds.do(MODERATOR, "session.move", to="ended")
    await feeds.media.apply(LIVE)
    assert answer.resource not in feeds.room.engine.open


async def test_nobody_opens_what_is_meant_for_others(feeds: Feeds) -> None:
    publish, view = feeds.media.publish_return, feeds.media.view
    speaker, production, anna = feeds.visits[SPEAKER], feeds.visits[PRODUCTION], feeds.visits[ANNA]
    with pytest.raises(NotAllowed):
        await publish(LIVE, speaker.person, speaker.link, feeds.id(SPEAKER), "v=0")
    for to in (feeds.id(ANNA), "nobody"):
        with pytest.raises(NotFound):
            await publish(LIVE, production.person, production.link, to, "v=0")
    for visit in (anna, production, feeds.visits[ORGANISER]):
        with pytest.raises(NotAllowed):
            await view(LIVE, visit.person, visit.link, "foldback", "v=0")
    for visit in (anna, speaker):
        with pytest.raises(NotAllowed):
            await feeds.media.publish_talkback(LIVE, visit.person, visit.link, "v=0")
    await feeds.do(MODERATOR, "session.move", to="ended")
    with pytest.raises(ConferenceError, match=r"stage\.not_open"):
        await publish(LIVE, production.person, production.link, feeds.id(SPEAKER), "v=0")
    assert feeds.room.engine.open == {}


async def test_talk_back_reaches_those_addressed_and_nobody_else(feeds: Feeds) -> None:
    await feeds.comes(SPEAKER)
    await feeds.comes(SECOND)
    voice = await feeds.talks(MODERATOR)
    heard = feeds.room.engine.slots

    async def rooms() -> set[str]:
        await feeds.media.apply(LIVE)
        return {room.rpartition("/")[2] for room, slots in heard.items() if voice in slots}

    assert await rooms() == set()
    await feeds.do(MODERATOR, "talkback.speak", on=True, to=None)
    assert await rooms() == {feeds.id(SPEAKER), feeds.id(SECOND)}
    await feeds.do(MODERATOR, "talkback.speak", on=True, to=feeds.id(SECOND))
    assert await rooms() == {feeds.id(SECOND)}
    said = {"person": feeds.id(MODERATOR), "name": "Oliver Lilie", "to": feeds.id(SECOND)}
    signals = {who: feeds.ear(who).signals["foldback"] for who in (SPEAKER, SECOND, PRODUCTION)}
    assert [signals[who]["talking"] for who in (SPEAKER, SECOND, PRODUCTION)] == [[], [said], []]
    assert [signals[who]["talks"] for who in (SPEAKER, SECOND, PRODUCTION)] == [[], [], [said]]
    assert "foldback" not in feeds.ear(ANNA).signals
    await feeds.do(MODERATOR, "stage.bring_on", person=feeds.id(SPEAKER), source="camera")
    await feeds.do(MODERATOR, "talkback.speak", on=True, to=None)
    assert await rooms() == {feeds.id(SECOND)}  # who is on stage would bring it there
    await feeds.do(MODERATOR, "talkback.speak", on=False, to=None)
    assert await rooms() == set()
    await feeds.do(MODERATOR, "talkback.speak", on=True, to=None)
    await feeds.room.hall.leave(feeds.visits[MODERATOR])
    assert await rooms() == set()


async def test_the_production_may_speak_at_the_same_time_and_others_may_not(feeds: Feeds) -> None:
    await feeds.comes(SPEAKER)
    voices = [await feeds.talks(MODERATOR), await feeds.talks(PRODUCTION)]
    for who in (MODERATOR, PRODUCTION):
        await feeds.do(who, "talkback.speak", on=True, to=feeds.id(SPEAKER))
    assert (await feeds.alone(SPEAKER))[RETURN_SLOT + 1 :] == voices
    with pytest.raises(NotAllowed):
        await feeds.do(SPEAKER, "talkback.speak", on=True, to=None)
    with pytest.raises(NotFound):
        await feeds.do(MODERATOR, "talkback.speak", on=True, to=feeds.id(ANNA))
    await feeds.do(SPEAKER, "stage.leave", source="camera")
    assert await feeds.alone(SPEAKER) == [None] * 9


async def test_whose_page_is_gone_is_sent_nothing_any_more(feeds: Feeds) -> None:
    await feeds.comes(SPEAKER)
    await feeds.comes(SECOND)
    room = f"foldback/{LIVE}/{feeds.id(SPEAKER)}"
    await feeds.alone(SPEAKER)
    for resource, what in list(feeds.room.engine.open.items()):
        if what.startswith("view-") and feeds.room.engine.owners[resource] == feeds.id(SPEAKER):
            await feeds.room.engine.close(resource)
    await feeds.media.apply(LIVE)
    assert feeds.room.engine.slots[room] == []
