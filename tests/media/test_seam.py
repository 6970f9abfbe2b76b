"""Whatever forwards the media keeps the same promises: our workers, one or several, and the engine of other tests."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from conference.media.embedded import EmbeddedEngine
from conference.media.engine import WORKER_LOST, MediaEngine, MediaRefused
from tests.house import RecordingEngine
from tests.media import synthetic
from tests.media.conftest import Heard
from tests.media.stage import AUDIO, CERTIFICATE, REPAIR, VIDEO

PUBLISHING = synthetic.offer(
    CERTIFICATE,
    [synthetic.media("video", "sendonly", (VIDEO, REPAIR)), synthetic.media("audio", "sendonly", (AUDIO,))],
)
VIEWING = synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly"), synthetic.media("audio", "recvonly")])


@dataclass
class Plane:
    """An engine under test, what it reports, and how to let all of its workers die."""

    engine: MediaEngine
    heard: Heard
    die: Callable[[], None]

    def reported(self) -> list[tuple[str, str, str]]:
        """Kind, resource, owner of every event so far."""
        return [(event.kind, event.resource, event.owner) for event in self.heard.events]


def workers(count: int) -> tuple[MediaEngine, Callable[[], None]]:
    """The embedded engine."""
    engine = EmbeddedEngine("127.0.0.1", 0, workers=count, spread_at=1)

    def die() -> None:
        for worker in engine.workers:
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGKILL)

    return engine, die


def recording() -> tuple[MediaEngine, Callable[[], None]]:
    """The engine that forwards nothing."""
    engine = RecordingEngine()
    return engine, engine.lose_worker


MADE = {"one worker": lambda: workers(1), "two workers": lambda: workers(2), "recording": recording}


@pytest.fixture(params=MADE)
async def plane(request: pytest.FixtureRequest, heard: Heard) -> AsyncIterator[Plane]:
    engine, die = MADE[request.param]()
    engine.on_event = heard
    await engine.start()
    heard.events.clear()
    yield Plane(engine, heard, die)
    await engine.stop()


async def test_publishers_and_viewers_get_answers_of_their_own(plane: Plane) -> None:
    feeds = [await plane.engine.publish(PUBLISHING, owner="anna", kind="camera", room="stage/a") for _ in range(2)]
    views = [await plane.engine.view(VIEWING, owner="bert", room="stage/a") for _ in range(3)]
    answers = feeds + views
    assert len({answer.resource for answer in answers}) == len(answers)
    assert all(answer.resource.replace("-", "").isalnum() for answer in answers)  # it stands in an address
    assert all(answer.sdp.startswith("v=0\r\n") and answer.etag for answer in answers)


async def test_what_is_closed_is_reported_once(plane: Plane) -> None:
    feed = await plane.engine.publish(PUBLISHING, owner="anna", kind="camera")
    view = await plane.engine.view(VIEWING, owner="bert", room="stage/a")
    for _ in range(2):
        await plane.engine.close(feed.resource)
        await plane.engine.close(view.resource)
    assert (await plane.heard.wait("closed", feed.resource)).detail == {"reason": "closed"}
    assert (await plane.heard.wait("closed", view.resource)).detail == {"reason": "closed"}
    assert plane.reported() == [("closed", feed.resource, "anna"), ("closed", view.resource, "bert")]
    with pytest.raises(MediaRefused) as gone:
        await plane.engine.patch(feed.resource, "a=ice-ufrag:abcd\r\n", None)
    assert gone.value.code == "media.gone"


async def test_a_room_may_be_told_before_anybody_is_there(plane: Plane) -> None:
    feed = await plane.engine.publish(PUBLISHING, owner="anna", kind="camera", room="stage/a")
    for slots in ([feed.resource, None], [None, feed.resource], [], ["nobody"]):
        await plane.engine.switch("stage/a", slots)
    await plane.engine.view(VIEWING, owner="bert", room="stage/a")
    await plane.engine.switch("stage/a", [feed.resource])
    await plane.engine.mute(feed.resource, audio=True, video=False)


async def test_a_room_that_fills_itself_says_who_is_where(plane: Plane) -> None:
    feeds = [
        (await plane.engine.publish(PUBLISHING, owner=owner, kind="camera", room="breakout/a/1")).resource
        for owner in ("anna", "bert")
    ]
    await plane.engine.view(VIEWING, owner="carla", room="breakout/a/1")
    await plane.engine.gather("breakout/a/1", feeds, pictures=4, voices=3)
    told = (await plane.heard.wait("slots", "breakout/a/1")).detail
    assert {kind: (len(names), {name for name in names if name}) for kind, names in told.items()} == {
        "video": (4, set(feeds)),
        "audio": (3, set(feeds)),
    }


async def test_rubbish_is_refused(plane: Plane) -> None:
    for rubbish in ("", "hello", "\0" * 100):
        with pytest.raises(MediaRefused):
            await plane.engine.publish(rubbish, owner="anna", kind="camera")
        with pytest.raises(MediaRefused):
            await plane.engine.view(rubbish, owner="anna", room="stage/a")
    assert plane.reported() == []


async def test_what_is_not_there_is_no_error(plane: Plane) -> None:
    await plane.engine.close("nothing")
    await plane.engine.mute("nothing", audio=True, video=True)
    await plane.engine.show("nothing", [180])
    with pytest.raises(MediaRefused) as gone:
        await plane.engine.patch("nothing", "a=ice-ufrag:abcd\r\n", None)
    assert gone.value.code == "media.gone"
    assert plane.reported() == []


async def test_everything_is_counted(plane: Plane) -> None:
    view = await plane.engine.view(VIEWING, owner="bert", room="stage/a")
    await plane.engine.show(view.resource, [360])
    stats = await plane.engine.stats()
    assert set(stats) == {"workers", "feeds", "viewers"}
    assert isinstance(stats["workers"], list)
    assert isinstance(stats["feeds"], dict)
    assert isinstance(stats["viewers"], dict)


async def test_a_death_is_told_resource_by_resource(plane: Plane) -> None:
    feed = await plane.engine.publish(PUBLISHING, owner="anna", kind="camera", room="stage/a")
    await plane.engine.switch("stage/a", [feed.resource])
    views = [await plane.engine.view(VIEWING, owner=f"viewer-{i}", room="stage/a") for i in range(3)]
    plane.die()
    for answer in (feed, *views):
        assert (await plane.heard.wait("closed", answer.resource)).detail == {"reason": WORKER_LOST}
    number = (await plane.heard.wait("worker_lost")).detail["worker"]
    async with asyncio.timeout(15):
        while [kind for kind, _, _ in plane.reported()].count("worker_ready") != [
            kind for kind, _, _ in plane.reported()
        ].count("worker_lost"):
            await asyncio.sleep(0.02)
    assert number in range(2)
    kinds = [event.kind for event in plane.heard.events]
    assert kinds.count("closed") == 4
    assert kinds[-1] == "worker_ready"
    again = await plane.engine.publish(PUBLISHING, owner="anna", kind="camera", room="stage/a")
    await plane.engine.switch("stage/a", [again.resource])
    assert again.resource != feed.resource
