"""Publishers and viewers through a real worker: what one sends, the others see."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from conference.media.embedded import EmbeddedEngine
from conference.media.engine import MediaRefused, MediaUnavailable
from tests.media.clients import Publisher, Viewer
from tests.media.conftest import Heard


async def test_a_published_picture_is_seen_and_counted(engine: EmbeddedEngine, heard: Heard) -> None:
    anna, bert = Publisher(), Viewer()
    feed = await anna.publish(engine, "anna", 60)
    await engine.switch("hall", [feed])
    resource = await bert.view(engine, "bert", "hall")
    await bert.sees(60)
    await asyncio.sleep(1.2)
    stats = await engine.stats()
    video = next(s for s in stats["feeds"][feed]["streams"] if s["kind"] == "video")
    assert video["codec"] == "VP8"
    assert video["packets"] > 20
    assert video["key_frames"] >= 1
    assert video["bitrate"] > 0
    assert video["lost"] == 0
    assert stats["viewers"][resource]["sent"] > 40
    assert stats["workers"][0]["peers"] == 2
    assert bert.frames["audio", 0] > 20
    assert (await heard.wait("connected", feed)).owner == "anna"
    await anna.close()
    assert (await heard.wait("closed", feed)).detail == {"reason": "peer closed"}
    await bert.close()


async def test_slots_change_without_sdp(engine: EmbeddedEngine) -> None:
    anna, bert, carla = Publisher(), Publisher(), Viewer(slots=2)
    a, b = await anna.publish(engine, "anna", 60), await bert.publish(engine, "bert", 180)
    await carla.view(engine, "carla", "hall")
    await engine.switch("hall", [a, b])
    await carla.sees(60, slot=0)
    await carla.sees(180, slot=1)
    await engine.switch("hall", [b, None])
    await carla.sees(180, slot=0)
    await engine.switch("hall", [a])
    await carla.sees(60, slot=0)
    assert carla.pc.signalingState == "stable"
    for client in (anna, bert, carla):
        await client.close()


async def test_nobody_is_sent_what_he_sends(engine: EmbeddedEngine) -> None:
    anna, mirror, bert = Publisher(), Viewer(), Viewer()
    feed = await anna.publish(engine, "anna", 60)
    await engine.switch("hall", [feed])
    await mirror.view(engine, "anna", "hall")
    await bert.view(engine, "bert", "hall")
    await bert.sees(60)
    assert mirror.frames == {("video", 0): 0, ("audio", 0): 0}
    other = Publisher()
    await engine.switch("hall", [await other.publish(engine, "carla", 200)])
    await mirror.sees(200)
    for client in (anna, mirror, bert, other):
        await client.close()


async def test_a_late_viewer_sees_what_is_on(engine: EmbeddedEngine) -> None:
    anna = Publisher()
    await engine.switch("hall", [await anna.publish(engine, "anna", 60)])
    for i in range(3):
        late = Viewer()
        await late.view(engine, f"late-{i}", "hall")
        await late.sees(60)
        await late.close()
    await anna.close()


async def test_rooms_are_apart(engine: EmbeddedEngine) -> None:
    anna, bert = Publisher(), Viewer()
    await engine.switch("breakout", [await anna.publish(engine, "anna", 60)])
    await bert.view(engine, "bert", "hall")
    await asyncio.sleep(0.5)
    assert bert.frames["video", 0] == 0
    await anna.close()
    await bert.close()


async def test_muting_is_not_up_to_the_publisher(engine: EmbeddedEngine) -> None:
    anna, bert = Publisher(), Viewer()
    feed = await anna.publish(engine, "anna", 60)
    await engine.switch("hall", [feed])
    await bert.view(engine, "bert", "hall")
    await bert.sees(60)
    await engine.mute(feed, audio=True, video=True)
    await asyncio.sleep(0.5)
    before = dict(bert.frames)
    await asyncio.sleep(0.5)
    assert bert.frames == before
    await engine.mute(feed, audio=False, video=False)
    async with asyncio.timeout(4):
        while not all(bert.frames[slot] > before[slot] + 5 for slot in bert.frames):
            await asyncio.sleep(0.02)
    await anna.close()
    await bert.close()


async def test_what_is_closed_is_gone_on_both_ends(engine: EmbeddedEngine, heard: Heard) -> None:
    anna, bert = Publisher(), Viewer()
    feed = await anna.publish(engine, "anna", 60)
    watching = await bert.view(engine, "anna", "hall")
    await engine.close(feed)
    await engine.close(watching)
    await heard.wait("closed", feed)
    await heard.wait("closed", watching)
    await anna.ended()
    await bert.ended()
    assert (await engine.stats())["feeds"] == {}
    await anna.close()
    await bert.close()


async def test_closing_what_is_not_there_is_no_error(engine: EmbeddedEngine) -> None:
    await engine.close("nothing")
    await engine.mute("nothing", audio=True, video=True)
    await engine.switch("hall", ["nothing", None])
    with pytest.raises(MediaRefused) as refused:
        await engine.patch("nothing", "a=ice-ufrag:aaaa\r\n", None)
    assert refused.value.code == "media.gone"


async def test_a_killed_worker_is_replaced(engine: EmbeddedEngine, heard: Heard) -> None:
    pid, port = engine.worker_pid, engine.port
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    call = asyncio.create_task(engine.switch("hall", ["nobody"]))
    await asyncio.sleep(0.05)
    heard.events.clear()
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(MediaUnavailable):
        await call
    await heard.wait("worker_lost")
    await heard.wait("worker_ready")
    assert engine.worker_pid != pid
    assert engine.port == port
    anna, bert = Publisher(), Viewer()
    await engine.switch("hall", [await anna.publish(engine, "anna", 60)])
    await bert.view(engine, "bert", "hall")
    await bert.sees(60)
    await anna.close()
    await bert.close()


async def test_without_a_worker_calls_say_so() -> None:
    engine = EmbeddedEngine("127.0.0.1", 0)
    with pytest.raises(MediaUnavailable):
        await engine.publish("v=0", owner="anna", kind="camera")
    assert await engine.stats() == {"workers": [], "feeds": {}, "viewers": {}}
    await engine.close("nothing")
    await engine.stop()


async def test_a_taken_port_is_told(engine: EmbeddedEngine) -> None:
    second = EmbeddedEngine("127.0.0.1", engine.port)
    with pytest.raises(MediaUnavailable):
        await second.start()


ORPHAN = """
import asyncio, os, sys, time
from conference.media.embedded import EmbeddedEngine
async def main():
    engine = EmbeddedEngine("127.0.0.1", 0)
    await engine.start()
    if "fork" in sys.argv and os.fork() == 0:
        os.close(1)
        time.sleep(8)
        os._exit(0)
    print(engine.worker_pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.parametrize("manner", ["alone", "fork"])
async def test_a_worker_does_not_outlive_its_server(manner: str) -> None:
    """Not even where a copy of the server still holds the other end of the control socket."""
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", ORPHAN, manner, stdout=subprocess.PIPE)
    assert server.stdout is not None
    worker = int(await server.stdout.readline())
    server.kill()
    await server.communicate()
    async with asyncio.timeout(5):
        while _alive(worker):
            await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
