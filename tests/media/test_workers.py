"""Several workers: one stage on all of them, each packet passed on once; one that dies takes nothing else with it."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conference.media import rtcp
from conference.media.embedded import EmbeddedEngine
from conference.media.engine import MediaRefused
from conference.media.link import Link, LinkListener, connect
from conference.media.placement import Held, Placement, session_of
from tests.house import until
from tests.media.conftest import Heard
from tests.media.layered import layered_camera
from tests.media.stage import VIDEO, Camera, Screen, camera, screen
from tests.media.synthetic import attribute
from tests.media.test_simulcast import assert_no_seam, last_is, play
from tests.server import free_ports


@pytest.fixture
async def pair(heard: Heard) -> AsyncIterator[EmbeddedEngine]:
    """Two workers, of which the home of a session takes one viewer before the other one is asked."""
    engine = EmbeddedEngine("127.0.0.1", 0, workers=2, spread_at=1)
    engine.on_event = heard
    await engine.start()
    yield engine
    await engine.stop()


def worker_of(engine: EmbeddedEngine, there: Camera | Screen) -> int:
    """Which worker somebody is connected to: its port is in the answer."""
    port = int(attribute(there.peer.answer, "candidate").split(" ")[5])
    return next(worker.number for worker in engine.workers if worker.port == port)


async def spread(engine: EmbeddedEngine, slots: int = 1) -> tuple[Screen, Screen]:
    """Two viewers of the hall: one at its home, one at the other worker."""
    near = await screen(engine, "near", slots=slots)
    far = await screen(engine, "far", slots=slots)
    assert worker_of(engine, near) != worker_of(engine, far)
    return near, far


async def counted(engine: EmbeddedEngine, what: str) -> int:
    """A counter of all workers together."""
    return sum(worker[what] for worker in (await engine.stats())["workers"])


async def shown(engine: EmbeddedEngine, anna: Camera, *screens: Screen) -> None:
    """Wait until everybody sees what this camera sends."""
    for viewer in screens:
        before = len(viewer.got(viewer.video[0]))

        async def more(viewer: Screen = viewer, before: int = before) -> bool:
            anna.frame(key=True)
            await asyncio.sleep(0.02)
            return len(viewer.got(viewer.video[0])) > before

        await until(more)


def kill(engine: EmbeddedEngine, number: int) -> int:
    """SIGKILL a worker; its process id."""
    pid = engine.workers[number].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


async def back(engine: EmbeddedEngine, number: int, pid: int) -> None:
    """Wait until a worker has a successor that answers."""
    worker = engine.workers[number]
    await until(lambda: worker.ready and worker.pid != pid, 10)


async def test_one_stage_on_two_workers(pair: EmbeddedEngine) -> None:
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    near, far = await spread(pair)
    for i in range(30):
        anna.frame(key=i == 0)
        anna.sound(i, level=20)
    for viewer in (near, far):
        pictures, sounds = await viewer.expect(viewer.video[0], 30), await viewer.expect(viewer.audio[0], 30)
        assert [p.seq - pictures[0].seq & 0xFFFF for p in pictures] == list(range(30))
        assert [p.timestamp - pictures[0].timestamp & 0xFFFFFFFF for p in pictures] == [3000 * i for i in range(30)]
        assert [p.payload.startswith(b"sound%d" % i) for i, p in enumerate(sounds)] == [True] * 30  # some are padded
        assert sounds[0].extensions[1] == bytes([20])


async def test_a_packet_is_passed_on_once_however_many_watch(pair: EmbeddedEngine) -> None:
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    viewers = [await screen(pair, f"viewer-{i}") for i in range(7)]
    far = [viewer for viewer in viewers if worker_of(pair, viewer) != worker_of(pair, anna)]
    assert len(far) >= 3
    for i in range(40):
        anna.frame(key=i == 0)
        anna.sound(i)
    for viewer in viewers:
        await viewer.expect(viewer.video[0], 40)
        await viewer.expect(viewer.audio[0], 40)
    assert await counted(pair, "relayed_out") == 80
    assert await counted(pair, "relay_dropped") == 0


async def test_nothing_is_passed_on_where_nobody_watches(pair: EmbeddedEngine) -> None:
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    near, far = await spread(pair)
    await shown(pair, anna, near, far)
    await pair.close(far.resource)
    await until(lambda: _passes(pair, anna, 0))


async def _passes(engine: EmbeddedEngine, anna: Camera, expected: int) -> bool:
    """Whether so many of ten frames are passed on to another worker now."""
    before = await counted(engine, "relayed_out")
    for _ in range(10):
        anna.frame()
    await asyncio.sleep(0.1)
    return await counted(engine, "relayed_out") - before == expected


async def test_a_lost_packet_is_repaired_where_it_is_seen(pair: EmbeddedEngine) -> None:
    """The far worker keeps what came, and sends it again to its own viewers."""
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    _, far = await spread(pair)
    for i in range(10):
        anna.frame(key=i == 0)
    packets = await far.expect(far.video[0], 10)
    far.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.nack(1, far.video[0], [packets[4].seq]))
    (repair,) = await far.expect(far.repair[0], 1)
    assert repair.payload[2:] == packets[4].payload


async def test_wishes_for_key_frames_are_made_one(pair: EmbeddedEngine) -> None:
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    near, far = await spread(pair)
    await shown(pair, anna, near, far)
    anna.peer.rtcp.clear()
    began = time.monotonic()
    for _ in range(60):
        for viewer in (near, far):
            viewer.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.picture_loss(1, viewer.video[0]))
        await asyncio.sleep(0.02)
    asked = [message for message in anna.peer.rtcp if isinstance(message, rtcp.KeyFrameRequest)]
    assert 1 <= len(asked) <= time.monotonic() - began + 1  # at most one in a second


async def test_a_wish_from_afar_reaches_the_camera(pair: EmbeddedEngine) -> None:
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    near, far = await spread(pair)
    await shown(pair, anna, near, far)
    anna.peer.rtcp.clear()
    far.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.picture_loss(1, far.video[0]))
    await anna.peer.until(lambda: any(isinstance(m, rtcp.KeyFrameRequest) for m in anna.peer.rtcp))


async def test_nobody_hears_himself_on_another_worker(pair: EmbeddedEngine) -> None:
    anna = await camera(pair, "anna", room="hall")
    await pair.switch("hall", [anna.feed])
    await screen(pair, "near")
    mirror, other = await screen(pair, "anna"), await screen(pair, "bert")
    while worker_of(pair, other) != worker_of(pair, mirror):
        other = await screen(pair, "bert")
    assert worker_of(pair, mirror) != worker_of(pair, anna)
    for i in range(20):
        anna.frame(key=i == 0)
        anna.sound(i)
    await other.expect(other.video[0], 20)
    await other.expect(other.audio[0], 20)
    assert mirror.peer.rtp == []
    bert = await camera(pair, "bert", room="hall")
    await pair.switch("hall", [bert.feed])
    await shown(pair, bert, mirror)


async def test_a_switch_is_one_everywhere(pair: EmbeddedEngine) -> None:
    anna, bert = await camera(pair, "anna", room="hall"), await camera(pair, "bert", room="elsewhere")
    assert worker_of(pair, anna) != worker_of(pair, bert)
    await pair.switch("hall", [anna.feed])
    near, far = await spread(pair)
    await shown(pair, anna, near, far)
    await pair.switch("hall", [bert.feed])
    await shown(pair, bert, near, far)
    for viewer in (near, far):
        packets = viewer.got(viewer.video[0])
        assert [p.seq - packets[0].seq & 0xFFFF for p in packets] == list(range(len(packets)))
        viewer.peer.rtp.clear()
    anna.frame(key=True)
    await shown(pair, bert, near, far)
    assert {p.payload[5] for viewer in (near, far) for p in viewer.got(viewer.video[0])} == {0}
    assert await _passes(pair, anna, 0)


async def test_everybody_has_the_layer_of_his_size_everywhere(pair: EmbeddedEngine) -> None:
    anna = await layered_camera(pair)
    await pair.switch("hall", [anna.feed])
    near, far = await spread(pair)
    for heights in ((1080, 90), (90, 1080), (400, 400)):
        for viewer, height in zip((near, far), heights, strict=True):
            await pair.show(viewer.resource, [height])
        rids = ["f" if height > 700 else "h" if height > 200 else "q" for height in heights]
        await play(anna, lambda rids=rids: all(last_is(v, rid)() for v, rid in zip((near, far), rids, strict=True)))
    for viewer in (near, far):
        assert_no_seam(viewer.got(viewer.video[0]))


async def test_muting_reaches_everybody(pair: EmbeddedEngine) -> None:
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    near, far = await spread(pair)
    await shown(pair, anna, near, far)
    await pair.mute(anna.feed, audio=True, video=True)
    await asyncio.sleep(0.2)
    for viewer in (near, far):
        viewer.peer.rtp.clear()
    for i in range(10):
        anna.frame(key=True)
        anna.sound(i)
    await asyncio.sleep(0.2)
    assert near.peer.rtp == far.peer.rtp == []
    late = [await screen(pair, f"late-{i}") for i in range(2)]
    anna.frame(key=True)
    await asyncio.sleep(0.2)
    assert [viewer.peer.rtp for viewer in late] == [[], []]
    await pair.mute(anna.feed, audio=False, video=False)
    await shown(pair, anna, near, far, *late)


async def test_reports_agree_in_time(pair: EmbeddedEngine) -> None:
    """A frame is of the same instant for viewers of both workers, whatever timestamp they got it with."""
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    near, far = await spread(pair)
    ntp = rtcp.ntp_time(time.time() - 3600)  # the publisher's clock is an hour late
    anna.peer.send_rtcp(rtcp.sender_report(VIDEO, ntp, anna.timestamp, 0, 0))
    await shown(pair, anna, near, far)
    anna.frame(size=777)
    instants = []
    for viewer in (near, far):
        viewer.peer.rtcp.clear()
        reports: list[rtcp.SenderReport] = []

        def reported(viewer: Screen = viewer, reports: list[rtcp.SenderReport] = reports) -> bool:
            found = [m for m in viewer.peer.rtcp if isinstance(m, rtcp.SenderReport) and m.ssrc == viewer.video[0]]
            reports[:] = found
            return bool(found)

        await viewer.peer.until(reported)
        (marked,) = [p for p in viewer.got(viewer.video[0]) if len(p.payload) == 777]
        behind = (reports[-1].rtp - marked.timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        instants.append(rtcp.unix_time(reports[-1].ntp) - behind / 90000)
    assert abs(instants[0] - instants[1]) < 0.001


async def test_a_late_viewer_far_away_sees_what_is_on(pair: EmbeddedEngine) -> None:
    """The first there brings with him what followed the last key frame."""
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    near = await screen(pair, "near")
    for i in range(10):
        anna.frame(key=i == 0, size=300 + i)
    await near.expect(near.video[0], 10)
    far = await screen(pair, "far")
    assert worker_of(pair, far) != worker_of(pair, near)
    packets = await far.expect(far.video[0], 10)
    assert [p.seq - packets[0].seq & 0xFFFF for p in packets] == list(range(10))
    assert packets[0].payload[5] == 0  # the key frame
    assert [len(p.payload) >= 300 + i for i, p in enumerate(packets)] == [True] * 10


async def test_a_room_that_fills_itself_is_the_same_everywhere(pair: EmbeddedEngine, heard: Heard) -> None:
    anna, bert = await camera(pair, "anna", room="hall"), await camera(pair, "bert", room="elsewhere")
    assert worker_of(pair, anna) != worker_of(pair, bert)
    await pair.gather("hall", [anna.feed, bert.feed], pictures=1, voices=1)
    near, far = await spread(pair)

    async def heard_everywhere(who: Camera, number: int) -> bool:
        who.frame(key=True)
        who.sound(number, level=10)
        other = bert if who is anna else anna
        other.sound(number, level=127)
        await asyncio.sleep(0.02)
        slots = [event.detail for event in heard.events if event.kind == "slots" and event.resource == "hall"]
        return bool(slots) and slots[-1] == {"audio": [who.feed], "video": [who.feed]}

    for round_, who in enumerate((bert, anna)):
        numbers = iter(range(round_ * 1000, 1000 + round_ * 1000))
        await until(lambda who=who, numbers=numbers: heard_everywhere(who, next(numbers)), 10)
        for viewer in (near, far):
            viewer.peer.rtp.clear()
        await shown(pair, who, near, far)


async def test_a_home_that_dies_takes_nothing_else_with_it(pair: EmbeddedEngine, heard: Heard) -> None:
    anna, bert = await camera(pair, "anna", room="hall"), await camera(pair, "bert", room="elsewhere")
    home, other = worker_of(pair, anna), worker_of(pair, bert)
    assert home != other
    await pair.switch("hall", [anna.feed, bert.feed])
    near, far = await spread(pair, slots=2)
    await shown(pair, anna, near, far)
    before = bert.frame(key=True)
    await far.expect(far.video[1], 1)
    heard.events.clear()
    pid = kill(pair, home)
    while not any(event.kind == "worker_lost" for event in heard.events):
        bert.frame()
        await asyncio.sleep(0.01)
    lost = [(event.kind, event.resource, event.detail) for event in heard.events]
    reason = {"reason": "worker lost"}
    assert lost[-1] == ("worker_lost", "", {"worker": home})
    assert sorted(lost[:-1]) == sorted([("closed", anna.feed, reason), ("closed", near.resource, reason)])
    await back(pair, home, pid)
    assert (await heard.wait("worker_ready")).detail == {"worker": home}
    await far.expect(far.video[1], (bert.frame() - before & 0xFFFF) + 1)
    packets = far.got(far.video[1])
    assert [p.seq - packets[0].seq & 0xFFFF for p in packets] == list(range(len(packets)))
    again = await camera(pair, "anna", room="hall")
    await pair.switch("hall", [again.feed, bert.feed])
    returned = await screen(pair, "near", slots=2)
    await shown(pair, again, far, returned)


async def test_another_worker_that_dies_is_told_all_anew(pair: EmbeddedEngine, heard: Heard) -> None:
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    near, far = await spread(pair)
    await shown(pair, anna, near, far)
    await pair.mute(anna.feed, audio=True, video=False)
    before = near.got(near.video[0])[-1].seq
    heard.events.clear()
    pid = kill(pair, worker_of(pair, far))
    await heard.wait("worker_lost")
    assert [event.resource for event in heard.events if event.kind == "closed"] == [far.resource]
    await back(pair, worker_of(pair, far), pid)
    returned = await screen(pair, "far")
    assert worker_of(pair, returned) != worker_of(pair, near)
    await shown(pair, anna, near, returned)
    seqs = [p.seq for p in near.got(near.video[0]) if p.seq - before & 0xFFFF < 0x8000]
    assert [seq - before & 0xFFFF for seq in seqs] == list(range(len(seqs)))
    for i in range(10):
        anna.sound(i)
        anna.frame()
    await asyncio.sleep(0.2)
    assert returned.got(returned.audio[0]) == []


async def test_both_may_die(pair: EmbeddedEngine, heard: Heard) -> None:
    anna = await camera(pair, room="hall")
    await pair.switch("hall", [anna.feed])
    pids = [kill(pair, number) for number in (0, 1)]
    for number, pid in enumerate(pids):
        await back(pair, number, pid)
    again = await camera(pair, room="hall")
    await pair.switch("hall", [again.feed])
    near, far = await spread(pair)
    await shown(pair, again, near, far)


async def test_ports_follow_each_other() -> None:
    port = free_ports(2)
    engine = EmbeddedEngine("127.0.0.1", port, workers=2)
    await engine.start()
    assert [worker.port for worker in engine.workers] == [port, port + 1]
    assert [(worker["worker"], worker["port"]) for worker in (await engine.stats())["workers"]] == [
        (0, port),
        (1, port + 1),
    ]
    await engine.stop()


async def test_a_resource_is_found_wherever_it_is(pair: EmbeddedEngine) -> None:
    anna, bert = await camera(pair, room="hall"), await camera(pair, room="elsewhere")
    stats = await pair.stats()
    assert set(stats["feeds"]) == {anna.feed, bert.feed}
    for feed in (anna.feed, bert.feed):
        fragment, etag = await pair.patch(feed, "a=ice-ufrag:abcd\r\na=ice-pwd:efghijklmnopqrstuvwxyz\r\n", None)
        assert fragment
        assert etag
        await pair.close(feed)
        with pytest.raises(MediaRefused):
            await pair.patch(feed, "a=ice-ufrag:abcd\r\n", None)


async def test_each_has_a_core_where_there_is_one_for_each(pair: EmbeddedEngine) -> None:
    cores = sorted(os.sched_getaffinity(0))
    allowed = [os.sched_getaffinity(worker.pid or 0) for worker in pair.workers]
    assert allowed == ([{core} for core in cores] if len(cores) == 2 else [set(cores)] * 2)


async def test_nobody_else_may_enter_the_links(pair: EmbeddedEngine) -> None:
    commands = [Path(f"/proc/{worker.pid}/cmdline").read_bytes().split(b"\0") for worker in pair.workers]
    paths = [Path(os.fsdecode(command[command.index(b"--link") + 1])) for command in commands]
    assert all(path.is_socket() for path in paths)
    (directory,) = {path.parent for path in paths}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    await pair.stop()
    assert not directory.exists()


KILLED = """
import asyncio
from conference.media.embedded import EmbeddedEngine
async def main():
    engine = EmbeddedEngine("127.0.0.1", 0, workers=2)
    await engine.start()
    print(engine._links, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_a_killed_server_leaves_no_links_behind() -> None:
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, stdout=subprocess.PIPE)
    assert server.stdout is not None
    directory = Path((await server.stdout.readline()).decode().strip())
    assert directory.is_dir()
    server.kill()
    await server.communicate()
    await until(lambda: not directory.exists())


# links


async def linked(directory: Path) -> tuple[Link, Link, LinkListener]:
    """Both ends of a link."""
    accepted: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
    listener = LinkListener(directory / "link", accepted.set_result)
    near = connect(directory / "link")
    assert near is not None
    return near, await asyncio.wait_for(accepted, 5), listener


async def test_a_link_carries_packets_whole_and_in_order(tmp_path: Path) -> None:
    near, far, listener = await linked(tmp_path)
    got: list[bytes] = []
    ended: list[bool] = []
    far.follow(got.extend, lambda: None, lambda: ended.append(True))
    sent = [bytes([i % 256]) * (i * 7 % 1400) for i in range(500)]
    for packet in sent:
        near.push(packet)
    near.flush()
    await until(lambda: len(got) == len(sent))
    assert got == sent
    near.close()
    await until(lambda: ended)
    assert not far.open
    listener.close()


async def test_a_link_never_waits_for_a_slow_worker(tmp_path: Path) -> None:
    near, far, listener = await linked(tmp_path)
    told: list[bool] = []
    near.follow(lambda _: None, lambda: told.append(True), lambda: None)
    for _ in range(20_000):
        near.push(bytes(1200))
        near.flush()
    assert near.dropped > 0
    assert near.sent + near.dropped == 20_000
    assert told
    assert near.open
    near.close()
    far.close()
    listener.close()


async def test_no_link_to_nobody(tmp_path: Path) -> None:
    assert connect(tmp_path / "nobody") is None


# placement


def place(placement: Placement, ready: list[int], room: str, count: int = 1) -> list[int]:
    """Let viewers come; where they went."""
    went = []
    for _ in range(count):
        went.append(placement.for_viewer(room, ready))
        placement.add(Held(f"viewer-{len(placement.held)}", went[-1], "", room))
    return went


def test_a_session_has_one_home() -> None:
    placement = Placement()
    assert {placement.home(room, [0, 1]) for room in ("stage/a", "backstage/a", "breakout/a/3")} == {0}
    placement.add(Held("feed", 0, "anna", "stage/a", "camera", []))
    assert placement.home("stage/b", [0, 1]) == 1
    assert placement.for_feed("backstage/a", [0, 1]) == 0
    assert placement.for_feed("", [0, 1]) == 1
    assert session_of("hall") == "hall"


def test_viewers_stay_at_home_until_it_is_full() -> None:
    placement = Placement(spread_at=100)
    assert set(place(placement, [0, 1], "stage/a", 100)) == {0}
    assert set(place(placement, [0, 1], "stage/a", 100)) == {1}
    went = place(placement, [0, 1], "stage/a", 20)
    assert went.count(0) == went.count(1) == 10


def test_a_home_that_is_gone_is_chosen_anew() -> None:
    placement = Placement()
    assert placement.home("stage/a", [0, 1]) == 0
    assert place(placement, [1], "stage/a") == [1]
    assert place(placement, [0, 1], "stage/a") == [1]


def test_homes_of_what_is_over_are_forgotten() -> None:
    placement = Placement()
    place(placement, [0], "stage/a")
    placement.home("stage/b", [0])
    placement.keep_homes({"c"})
    assert set(placement.homes) == {"a"}
    placement.remove("viewer-0")
    placement.keep_homes(set[str]())
    assert placement.homes == {}
    assert not +placement.viewers
    assert not placement.watching
