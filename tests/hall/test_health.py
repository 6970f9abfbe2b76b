"""How the media are doing: told once a second to those who asked and may know, without viewers' names."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conference.core.errors import ConferenceError
from conference.hall.visit import Visit
from conference.media.engine import MediaUnavailable
from conference.sessions.model import Source
from tests.counters import audio, feed, video, viewer, worker
from tests.house import ANNA, MODERATOR, ORGANISER, PRODUCTION, SPEAKER
from tests.the_day import LIVE
from tests.visits import Room, open_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


def health(visit: Visit) -> dict[str, Any] | None:
    ear: Any = visit.outbox
    told: dict[str, Any] | None = ear.signals.pop("health", None)
    return told


async def watching(room: Room, email: str = PRODUCTION) -> Visit:
    visit = await room.enter(email, LIVE)
    await room.do(visit, "health.watch", session=LIVE, on=True)
    return visit


async def on_stage(room: Room) -> tuple[Visit, str]:
    """A live session with a speaker on stage; his visit and resource."""
    moderator, speaker = await room.enter(MODERATOR, LIVE), await room.enter(SPEAKER, LIVE)
    await room.do(moderator, "session.move", session=LIVE, to="live")
    await room.do(speaker, "stage.enter", session=LIVE, source="camera")
    answer = await room.hall.media.publish(LIVE, speaker.person, speaker.link, Source.CAMERA, "v=0")
    who = {"person": speaker.person.public_id, "source": "camera"}
    await room.do(moderator, "stage.bring_on", session=LIVE, **who)
    await room.hall.media.apply(LIVE)
    return speaker, answer.resource


async def test_feeds_by_name_and_viewers_as_numbers(room: Room) -> None:
    speaker, resource = await on_stage(room)
    production = await watching(room)
    stage, name = f"stage/{LIVE}", f"{speaker.person.public_id}/camera"
    viewers = [viewer(stage, "f")] * 3 + [viewer(stage, "q", loss=0.05, rtt=0.3), viewer(stage, None, transport="tcp")]
    viewers += [viewer(stage, connected=False), viewer(f"backstage/{LIVE}", "h"), viewer("stage/live-2", "f")]
    room.engine.told = {
        "workers": [worker()],
        "feeds": {
            resource: feed("p-x", audio(), video("q", 100_000), video("f", 900_000), frozen_for=4.0),
            "another's": feed("p-y", video()),
        },
        "viewers": {f"v{n}": told for n, told in enumerate(viewers)},
    }
    await room.hall.send_health()
    told = health(production)
    assert told is not None
    assert (told["session"], told["available"]) == (LIVE, True)
    [mine] = told["feeds"]
    assert (mine["feed"], mine["frozen_for"], mine["bitrate"], mine["level"]) == (name, 4.0, 1_040_000, 31.0)
    assert [(stream["kind"], stream["rid"]) for stream in mine["streams"]] == [
        ("audio", ""), ("video", "q"), ("video", "f"),
    ]  # fmt: skip
    assert told["viewers"] == {
        "watching": 5, "crew": 1, "lossy": 1, "tcp": 1, "rtt": 0.02,
        "best": {"f": 3, "q": 1, "none": 1}, "layers": {name: {"f": 3, "q": 1}},
    }  # fmt: skip
    for secret in ('"p-x"', "p-secret", "another's", resource, speaker.person.name):
        assert secret not in json.dumps(told)


async def test_workers_are_told_as_rates(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    production, rates = await watching(room), []
    counters = [(1_000, 2.0), (1_600, 2.5), (100, 0.1), (700, 0.4)]  # the third is a new process
    for (packets, cpu), seconds in zip(counters, (0.0, 2.0, 3.0, 4.0), strict=True):
        told = worker(packets_in=packets, cpu_seconds=cpu)
        [found] = room.hall._worker_rates.look({"workers": [told]}, seconds)
        rates.append((found["packets_in"], found["cpu"]))
    assert rates == [(None, None), (300, 0.25), (None, None), (600, 0.3)]
    room.engine.told = {"workers": [worker(), worker(1)], "feeds": {}, "viewers": {}}
    await room.hall.send_health()
    told = health(production)
    assert told is not None
    assert [(found["worker"], found["peers"], found["memory_bytes"]) for found in told["workers"]] == [
        (0, 12, 60_000_000), (1, 12, 60_000_000),
    ]  # fmt: skip


async def test_only_pages_that_ask_are_told_and_the_engine_is_asked_once_for_all(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def stats() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return room.engine.told

    monkeypatch.setattr(room.engine, "stats", stats)
    silent = [await room.enter(email, LIVE) for email in (PRODUCTION, MODERATOR, ANNA)]
    await room.hall.send_health()
    assert asked == 0
    crew = [await watching(room, email) for email in (PRODUCTION, MODERATOR, ORGANISER)]
    await room.hall.send_health()
    assert asked == 1
    assert [health(visit) is not None for visit in crew] == [True] * 3
    assert [health(visit) for visit in silent] == [None] * 3
    await room.do(crew[0], "health.watch", session=LIVE, on=False)
    await room.hall.leave(crew[1])
    await room.hall.send_health()
    assert [health(visit) is not None for visit in crew] == [False, False, True]


async def test_others_may_not_ask(room: Room) -> None:
    for email in (ANNA, SPEAKER, None):
        visit = await room.enter(email, LIVE)
        with pytest.raises(ConferenceError, match="not_allowed"):
            await room.do(visit, "health.watch", session=LIVE, on=True)
    production = await room.enter(PRODUCTION, LIVE)
    with pytest.raises(ConferenceError, match="bad_request"):
        await room.do(production, "health.watch", session="live-2", on=True)
    await room.hall.send_health()
    assert [health(visit) for visit in room.visits] == [None] * 4


async def test_who_loses_the_role_is_told_no_longer(room: Room) -> None:
    moderator = await watching(room, MODERATOR)
    moderator.roles[LIVE] = (await room.enter(ANNA, LIVE)).roles[LIVE]
    await room.hall.send_health()
    assert health(moderator) is None


async def test_it_is_said_when_the_media_plane_does_not_answer(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> Any:
        raise MediaUnavailable

    production = await watching(room)
    unavailable = {"session": LIVE, "available": False, "feeds": [], "workers": [], "viewers": None}
    room.engine.told = {"workers": [], "feeds": {}, "viewers": {}}
    await room.hall.send_health()
    assert health(production) == unavailable
    monkeypatch.setattr(room.engine, "stats", away)
    await room.hall.send_health()
    assert health(production) == unavailable
