"""A minute of junk at line rate, while an ordinary camera is watched by ordinary viewers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from conference.media import rtcp
from conference.media.embedded import EmbeddedEngine
from tests.media import synthetic
from tests.media.attacks.conftest import calm, memory, worker
from tests.media.stage import CERTIFICATE, Camera, Screen, camera, screen
from tests.media.synthetic import SyntheticPeer

SECONDS = 60
VIEWERS = 4
VIDEO_RATE, AUDIO_RATE = 150, 50
LINE_RATE = 100_000
"""Datagrams a second that must be sent at least, so that it was a flood at all."""

pytestmark = pytest.mark.load


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddedEngine]:
    """One worker."""
    engine = EmbeddedEngine("127.0.0.1", 0)
    await engine.start()
    yield engine
    await engine.stop()
    for peer in SyntheticPeer.opened:
        await peer.close()
    SyntheticPeer.opened.clear()


async def broadcast(anna: Camera, seconds: float) -> tuple[int, int]:
    """Send picture and sound at an ordinary rate; how many packets of each."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    video = audio = 0
    while (passed := loop.time() - began) < seconds:
        while video < passed * VIDEO_RATE:
            anna.frame(key=video % 300 == 0, size=1000)
            video += 1
        while audio < passed * AUDIO_RATE:
            audio += 1
            anna.sound(audio)
        await asyncio.sleep(0.005)
    return video, audio


async def report(viewers: list[Screen]) -> None:
    """Receiver reports, as viewers send them all the time; who falls silent is given up."""
    while True:
        for viewer in viewers:
            viewer.peer.send_rtcp(rtcp.receiver_report(1))
        await asyncio.sleep(1)


async def joined(engine: EmbeddedEngine) -> Screen:
    """A viewer who joins in the midst of it: knocks until he is heard, as browsers do."""
    peer = SyntheticPeer(CERTIFICATE)
    sections = [synthetic.media("video", "recvonly"), synthetic.media("audio", "recvonly")]
    answer = await engine.view(synthetic.offer(CERTIFICATE, sections), owner="late", room="hall")
    await peer.open_socket(engine.port)
    peer.answer = answer.sdp
    async with asyncio.timeout(30):
        while True:
            try:
                await peer.bind(0.05)
                break
            except TimeoutError:
                continue
    await peer.agree()
    return Screen(peer, answer.resource, 1)


def lost(viewer: Screen, ssrc: int, sent: int) -> float:
    """Share of the packets sent that a viewer never got."""
    return 1 - len({(packet.seq, packet.timestamp) for packet in viewer.got(ssrc)}) / sent


async def test_a_minute_of_junk_costs_others_nothing(engine: EmbeddedEngine) -> None:
    """Memory grows by less than 50 MB, viewers lose less than 1 %, and a newcomer gets in."""
    anna = await camera(engine)
    viewers = [await screen(engine, f"viewer-{i}") for i in range(VIEWERS)]
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    for viewer in viewers:
        await viewer.expect(viewer.video[0], 1)
        viewer.peer.rtp.clear()
    before = memory(engine)
    flood = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.load.flood", str(engine.port), str(SECONDS), stdout=asyncio.subprocess.PIPE
    )
    sending, reporting = asyncio.create_task(broadcast(anna, SECONDS)), asyncio.create_task(report(viewers))
    await asyncio.sleep(SECONDS / 3)
    during = await worker(engine)
    late = await joined(engine)
    viewers.append(late)
    await late.expect(late.video[0], 100)
    video, audio = await sending
    output, _ = await asyncio.wait_for(flood.communicate(), 30)
    await asyncio.sleep(0.5)
    reporting.cancel()
    after = await worker(engine)
    losses = [(lost(v, v.video[0], video), lost(v, v.audio[0], audio)) for v in viewers[:VIEWERS]]
    grown = memory(engine) - before
    print(f"{int(output) / SECONDS:,.0f} datagrams/s, memory +{grown / 1e6:.1f} MB, lost {losses}, {after}")
    assert int(output) > LINE_RATE * SECONDS
    assert during["shielded"]
    assert max(max(loss) for loss in losses) < 0.01
    assert grown < 50_000_000
    assert after["peers"] == VIEWERS + 2
    await calm(engine)
