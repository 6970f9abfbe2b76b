"""Too much of what would be welcome: media, reports and requests of peers that are who they say."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from conference.media import limits, rtcp
from conference.media.embedded import EmbeddedEngine
from conference.media.peer import MAX_SENDERS
from conference.media.publisher import MAX_SSRCS
from tests.media import synthetic
from tests.media.attacks.conftest import memory, stage, still_flows, worker
from tests.media.stage import CERTIFICATE, REPAIR, VIDEO, Camera, camera, screen, settled
from tests.media.synthetic import SyntheticPeer
from tests.media.test_reach import watching

ALLOWED = limits.RTP_PACKETS * limits.BURST_SECONDS


@contextlib.contextmanager
def held_back(peer: SyntheticPeer) -> Iterator[list[bytes]]:
    """What the peer would send, so that it can be sent all at once afterwards, however busy the machine is."""
    held: list[bytes] = []
    send = peer.send

    def hold(data: bytes) -> None:
        held.append(data)

    peer.send = hold  # type: ignore[method-assign]
    try:
        yield held
    finally:
        peer.send = send  # type: ignore[method-assign]


async def arrived(engine: EmbeddedEngine, peer: SyntheticPeer, flood: list[bytes]) -> None:
    """Send all of it at once, and wait until the worker or the kernel has seen to each."""

    async def seen() -> int:
        counters = await worker(engine)
        return int(counters["packets_in"] + counters["dropped_in"])

    before = await seen()
    for data in flood:
        peer.send(data)
    async with asyncio.timeout(30):
        while await seen() < before + len(flood):
            await asyncio.sleep(0.05)


async def test_a_flood_of_media_is_cut_to_what_one_may_send(engine: EmbeddedEngine) -> None:
    """ASVS 5.0, 17.2.5. What is over is dropped before it is decrypted; the others go on meanwhile."""
    anna, bert = await stage(engine)
    mallory = await camera(engine, "mallory")
    carl = await screen(engine, "carl", room="other")
    await engine.switch("other", [mallory.feed])
    mallory.frame(key=True)
    with held_back(mallory.peer) as flood:
        for _ in range(int(4 * ALLOWED)):
            mallory.frame()
    sent = len(flood)
    began = asyncio.get_running_loop().time()
    for start in range(0, sent, 2000):
        await arrived(engine, mallory.peer, flood[start : start + 2000])
        await still_flows(anna, bert)
    seconds = asyncio.get_running_loop().time() - began + 0.2
    stats = await settled(engine)
    taken = stats["feeds"][mallory.feed]["streams"][0]["packets"]
    assert taken <= ALLOWED + limits.RTP_PACKETS * seconds
    assert stats["feeds"][mallory.feed]["refused"] >= sent + 1 - taken - stats["workers"][0]["dropped_in"] > 0
    assert stats["feeds"][anna.feed]["refused"] == 0
    await asyncio.sleep(1)
    carl.peer.rtp.clear()
    mallory.frame(key=True)
    await carl.expect(carl.video[0], 1)


async def test_what_others_send_in_a_name_does_not_use_up_its_share(engine: EmbeddedEngine) -> None:
    """Junk and replays from a camera's own address, more than it might send itself."""
    anna, bert = await stage(engine)
    copies: list[bytes] = []
    send = anna.peer.send
    anna.peer.send = lambda data: (copies.append(data), send(data))[1]  # type: ignore[method-assign,func-returns-value]
    anna.frame()
    await bert.expect(bert.video[0], 2)
    header = copies[0][:12]
    for i in range(int(1.5 * ALLOWED)):
        send(copies[0] if i % 2 else header + i.to_bytes(40, "big"))
        if i % 100 == 0:
            await asyncio.sleep(0.002)
    await still_flows(anna, bert)
    feed = (await settled(engine))["feeds"][anna.feed]
    assert (feed["refused"], feed["streams"][0]["packets"]) == (0, 3)


async def test_a_camera_at_its_best_is_never_cut(engine: EmbeddedEngine) -> None:
    """Three layers of 2.5 Mbit/s in all with sound come to 350 packets a second; twice that, ten seconds at once."""
    intake = limits.Intake(limits.RTP_PACKETS, limits.RTP_BITS, 0.0)
    taken = 0
    for i in range(7000):
        if intake.admits(i / 700):
            intake.charge(1150)
            taken += 1
    assert (taken, intake.refused) == (7000, 0)


async def test_changing_sources_leave_no_state_behind(engine: EmbeddedEngine) -> None:
    """libsrtp remembers each source that ever proved itself: a publisher has a dozen, and not one more."""
    peer = SyntheticPeer(CERTIFICATE)
    sections = [synthetic.media("video", "sendonly", (VIDEO, REPAIR)), synthetic.media("audio", "sendonly")]
    answer = await engine.publish(synthetic.offer(CERTIFICATE, sections), owner="anna", kind="camera")
    await peer.connect(answer.sdp)
    anna, bert = Camera(peer, answer.resource), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    before = memory(engine)
    for i in range(2000):
        peer.send_rtp(5000 + i, synthetic.VP8, i & 0xFFFF, i, synthetic.vp8_payload(True, 1, 300))
        if i % 50 == 0:
            await asyncio.sleep(0.002)
    for i in range(20):
        peer.send_rtp(9000, synthetic.OPUS, i, 960 * i, b"sound of the source that is one too many")
    feed = (await settled(engine))["feeds"][anna.feed]
    assert {stream["kind"]: stream["packets"] for stream in feed["streams"]} == {"audio": 0, "video": 1}
    assert feed["refused"] >= 2000 - MAX_SSRCS
    assert memory(engine) - before < 5_000_000
    await still_flows(anna, bert)


async def test_changing_senders_of_reports_leave_no_state_behind(engine: EmbeddedEngine) -> None:
    """Those that were heard before are heard, and no further ones."""
    anna, bert = await stage(engine)
    for sender in range(MAX_SENDERS):
        bert.peer.send_rtcp(rtcp.receiver_report(10_000 + sender))
    for sender, bitrate in ((10_000, 1_000_000), (20_000, 2_000_000), (20_001, 3_000_000)):
        bert.peer.send_rtcp(rtcp.receiver_report(sender) + rtcp.remb(sender, bitrate, [bert.video[0]]))
    assert (await settled(engine))["viewers"][bert.resource]["remb"] == pytest.approx(1_000_000, rel=0.01)
    await still_flows(anna, bert)


async def test_a_viewer_sends_reports_and_nothing_else(engine: EmbeddedEngine) -> None:
    anna, bert = await stage(engine)
    for i in range(500):
        bert.peer.send_rtp(VIDEO, synthetic.VP8, i, i, synthetic.vp8_payload(True, 1, 300))
    stats = await settled(engine)
    assert stats["feeds"][anna.feed]["streams"][0]["packets"] == 1
    await still_flows(anna, bert)


async def test_a_flood_of_reports_is_cut(engine: EmbeddedEngine) -> None:
    """A report that came over the limit is as if it had been lost; a moment later they are read again."""
    anna, bert = await stage(engine)
    with held_back(bert.peer) as flood:
        for _ in range(int(6 * limits.RTCP_PACKETS)):
            bert.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.remb(1, 1_000_000, [bert.video[0]]))
    began = asyncio.get_running_loop().time()
    await arrived(engine, bert.peer, flood)
    seconds = asyncio.get_running_loop().time() - began
    stats = await settled(engine)
    most = limits.RTCP_PACKETS * (limits.BURST_SECONDS + seconds)
    assert stats["viewers"][bert.resource]["refused"] + stats["workers"][0]["dropped_in"] >= len(flood) - most
    assert stats["viewers"][bert.resource]["remb"] == pytest.approx(1_000_000, rel=0.01)
    await still_flows(anna, bert)
    await asyncio.sleep(0.5)
    bert.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.remb(1, 3_000_000, [bert.video[0]]))
    assert (await settled(engine))["viewers"][bert.resource]["remb"] == pytest.approx(3_000_000, rel=0.01)


async def test_a_flood_of_requests_is_cut(engine: EmbeddedEngine) -> None:
    """STUN of a peer with the right password: a hundred a second are answered."""
    peer = await watching(engine)
    await peer.bind()
    most = limits.KNOCKS * limits.BURST_SECONDS
    answered = 0

    def count(data: bytes, address: tuple[str, int]) -> None:
        nonlocal answered
        answered += 1

    peer.datagram_received = count  # type: ignore[method-assign]
    flood = [bytes(peer.binding()) for _ in range(5 * int(most))]
    began = asyncio.get_running_loop().time()
    await arrived(engine, peer, flood)
    assert (await worker(engine))["strange"] > most
    seconds = asyncio.get_running_loop().time() - began
    assert 0 < answered <= most + limits.KNOCKS * seconds
