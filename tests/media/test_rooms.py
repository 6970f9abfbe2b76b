"""Rooms that fill themselves: who speaks is heard, who spoke last is seen, and nothing else ever flows there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conference.media.embedded import EmbeddedEngine
from conference.media.engine import MediaEvent
from conference.media.feed import Feed, FeedClock, Stream
from conference.media.rooms import Room
from conference.media.sdp import Codec
from tests.media.stage import Camera, camera, screen, settled

LOUD, QUIET = 25, 90


class Hearing:
    """A room of feeds whose loudness the test says, without a network."""

    def __init__(self, count: int, pictures: int = 9, voices: int = 3) -> None:
        outbox: Any = None
        opus, vp8 = Codec(111, "opus", 48000, 2), Codec(96, "VP8", 90000)
        self.feeds = {}
        for i in range(count):
            clock, name = FeedClock(), f"feed-{i}"
            audio = Stream("audio", opus, clock, name)
            self.feeds[name] = Feed(name, name, "camera", audio, [Stream("video", vp8, clock, name)])
        self.room = Room(outbox, self.feeds.get)
        self.now = 100.0
        self.room.gather(list(self.feeds), pictures, voices)

    def speak(self, *names: str, seconds: float = 1.0) -> None:
        for _ in range(int(seconds / 0.25)):
            for _ in range(12):
                for name, feed in self.feeds.items():
                    feed.speaking.hear(LOUD if name in names else QUIET, self.now)
            self.now += 0.25
            self.room.listen(self.now)

    @property
    def heard(self) -> set[str | None]:
        return set(self.room.assigned["audio"])

    @property
    def seen(self) -> list[str | None]:
        return self.room.assigned["video"]


def test_who_speaks_is_heard_whoever_was_there_before() -> None:
    hearing = Hearing(18)
    for name in ("feed-17", "feed-9", "feed-4"):
        hearing.speak(name, seconds=3)
        assert name in hearing.heard
    assert hearing.heard == {"feed-17", "feed-9", "feed-4"}


def test_a_short_silence_costs_nobody_his_place() -> None:
    hearing = Hearing(6)
    hearing.speak("feed-3", "feed-4", "feed-5", seconds=3)
    before = list(hearing.room.assigned["audio"])
    hearing.speak(seconds=5)
    assert hearing.room.assigned["audio"] == before


def test_a_fourth_voice_waits_until_one_of_three_is_silent() -> None:
    hearing = Hearing(6)
    hearing.speak("feed-3", "feed-4", "feed-5", seconds=3)
    hearing.speak("feed-0", "feed-3", "feed-4", "feed-5", seconds=2)
    assert hearing.heard == {"feed-3", "feed-4", "feed-5"}
    hearing.speak("feed-0", "feed-4", "feed-5", seconds=4)
    assert hearing.heard == {"feed-0", "feed-4", "feed-5"}


def test_who_spoke_last_is_seen_and_stays_in_his_place() -> None:
    hearing = Hearing(18, pictures=4)
    for i in range(4):
        hearing.speak(f"feed-{i}", seconds=2)
    places = list(hearing.seen)
    hearing.speak("feed-12", seconds=2)
    assert "feed-12" in hearing.seen
    assert "feed-0" not in hearing.seen
    assert sum(a == b for a, b in zip(places, hearing.seen, strict=True)) == 3


@given(st.lists(st.sets(st.integers(0, 7), max_size=8), max_size=12), st.integers(1, 9), st.integers(1, 4))
def test_places_are_never_doubled_nor_given_to_strangers(turns: list[set[int]], pictures: int, voices: int) -> None:
    hearing = Hearing(8, pictures, voices)
    for turn in turns:
        hearing.speak(*(f"feed-{i}" for i in turn), seconds=0.5)
        for kind, count in (("video", pictures), ("audio", voices)):
            places = hearing.room.assigned[kind]
            named = [name for name in places if name]
            assert len(places) == count
            assert len(named) == len(set(named)) == min(8, count)
            assert set(named) <= set(hearing.feeds)


async def speak(cameras: list[Camera], loud: int, until: Callable[[], bool]) -> None:
    """Everybody sends, one is loud."""
    number = 0
    async with asyncio.timeout(15):
        while not until():
            for i, one in enumerate(cameras):
                one.sound(number, LOUD if i == loud else QUIET)
                one.frame(key=number % 10 == 0)
            number += 1
            await asyncio.sleep(0.02)


async def test_the_room_follows_its_speakers(engine: EmbeddedEngine) -> None:
    told: list[MediaEvent] = []
    engine.on_event = told.append
    cameras = [await camera(engine, f"person-{i}") for i in range(5)]
    outsider = await camera(engine, "outsider")
    bert = await screen(engine, "bert", room="group", slots=3)
    await engine.gather("group", [one.feed for one in cameras], pictures=3, voices=2)

    def places() -> dict[str, list[str | None]]:
        return next(event.detail for event in reversed(told) if event.kind == "slots" and event.resource == "group")

    for loud in (4, 2, 3):
        await speak([*cameras, outsider], loud, lambda loud=loud: cameras[loud].feed in places()["audio"])  # type: ignore[misc]
        assert cameras[loud].feed in places()["video"]
        slot = places()["audio"].index(cameras[loud].feed)
        count = len(bert.got(bert.audio[slot]))
        cameras[loud].sound(10_000, LOUD)
        sound = await bert.expect(bert.audio[slot], count + 1)
        assert sound[-1].payload == b"sound10000"
    assert outsider.feed not in places()["video"] + places()["audio"]
    for ssrc in bert.audio:
        numbers = [packet.seq for packet in bert.got(ssrc)]
        assert all(after - before & 0xFFFF == 1 for before, after in pairwise(numbers))
    await engine.gather("group", [])
    await settled(engine)
    count = len(bert.peer.rtp)
    for one in cameras:
        one.frame(key=True)
        one.sound(20_000, LOUD)
    await settled(engine)
    assert len(bert.peer.rtp) == count
