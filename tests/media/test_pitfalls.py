"""What has brought down other servers: junk, floods, and offers made to hurt."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import socket
from collections.abc import Iterator

import pytest

from conference.media import publisher, rtcp, sdp
from conference.media.embedded import EmbeddedEngine
from conference.media.engine import MediaRefused
from tests.media import synthetic
from tests.media.stage import CERTIFICATE, camera, screen, settled
from tests.media.synthetic import SyntheticPeer
from tests.media.test_reach import watching
from tests.work import calls_made

ALERT = bytes([21, 254, 253]) + bytes(8) + b"\x00\x02\x02\x28"


@pytest.fixture
def stranger(engine: EmbeddedEngine) -> Iterator[socket.socket]:
    """A socket of nobody, connected to the media port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect(("127.0.0.1", engine.port))
        yield stranger


def empty(peer: SyntheticPeer) -> None:
    """Send a datagram without a byte in it from a peer's own address."""
    with socket.socket(fileno=os.dup(peer.socket.fileno())) as own:
        own.send(b"")


async def test_empty_datagrams_change_nothing(engine: EmbeddedEngine, stranger: socket.socket) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    for peer in (anna.peer, bert.peer):
        empty(peer)
    stranger.send(b"")
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    assert (await settled(engine))["workers"][0]["strange"] == 3


async def test_a_stray_alert_does_not_end_a_handshake(engine: EmbeddedEngine, stranger: socket.socket) -> None:
    peer = await watching(engine)
    stranger.send(ALERT)
    peer.send(ALERT)
    await peer.bind()
    stranger.send(ALERT)
    peer.send(ALERT)
    await asyncio.sleep(0.05)
    await peer.connect(peer.answer)
    peer.send(ALERT)
    await asyncio.sleep(0.05)
    assert len((await engine.stats())["viewers"]) == 1
    await peer.close()


async def test_junk_costs_no_memory(engine: EmbeddedEngine, stranger: socket.socket) -> None:
    """Junk of every kind, from strangers and from a peer in its handshake; then all still works."""
    peer = await watching(engine)
    await peer.bind()
    before = memory(engine)
    rng = random.Random(1)
    for i in range(20_000):
        first = rng.choice([0, 1, 20, 22, 23, 63, 64, 128, 144, 191, 200, 255])
        data = bytes([first]) + rng.randbytes(rng.choice([0, 1, 11, 12, 19, 100, 1200]))
        (stranger.send if i % 2 else peer.send)(data or b"x")
        if i % 200 == 0:
            await asyncio.sleep(0.002)
    stats = await settled(engine)
    assert stats["workers"][0]["peers"] == 1
    assert memory(engine) - before < 20_000_000
    await peer.connect(peer.answer)
    await peer.close()


async def test_strangers_get_no_answer(engine: EmbeddedEngine, stranger: socket.socket) -> None:
    """Whoever has not read an answer hears nothing, so nobody can be flooded through us."""
    peer = await watching(engine)
    stranger.setblocking(False)
    hello = b"\x16\xfe\xff" + bytes(8) + b"\x00\x50\x01" + bytes(79)
    for data in (bytes(peer.binding(password="x" * 24)), hello, b"\x80\x60" + bytes(50), b"\x80\xc8" + bytes(50)):
        stranger.send(data)
        peer.send(data)
    await asyncio.sleep(0.3)
    with pytest.raises(BlockingIOError):
        stranger.recv(2000)
    assert (await engine.stats())["workers"][0]["strange"] == 8
    assert peer.rtp == []


async def test_nobody_can_ask_for_everything_again(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    (packet,) = await bert.expect(bert.video[0], 1)
    for _ in range(3000):
        bert.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.nack(1, bert.video[0], [packet.seq]))
    again = (await settled(engine))["viewers"][bert.resource]["retransmitted"]
    assert 0 < again <= 3 * 500


def memory(engine: EmbeddedEngine) -> int:
    """Resident bytes of the worker."""
    with open(f"/proc/{engine.worker_pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


async def test_junk_within_the_keys_changes_nothing(engine: EmbeddedEngine) -> None:
    """An authenticated peer may still send nonsense."""
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    rng = random.Random(2)
    for _ in range(300):
        anna.peer.send_rtcp(bytes([0x80 | rng.randrange(32), rng.choice([200, 201, 205, 206])]) + rng.randbytes(26))
        bert.peer.send_rtcp(bytes([0x80 | rng.randrange(32), rng.choice([200, 201, 205, 206])]) + rng.randbytes(26))
        payload = rng.randbytes(rng.choice([0, 1, 2, 5, 30]))
        anna.peer.send_rtp(1002, synthetic.RTX, rng.randrange(65536), 0, payload)
    anna.peer.send(b"\x90\x60" + anna.peer.srtp.seal(b"\x80\x60" + bytes(10))[2:] if anna.peer.srtp else b"")
    await asyncio.sleep(0.2)
    anna.frame(key=True)
    await bert.expect(bert.video[0], 2)
    assert (await engine.stats())["workers"][0]["peers"] == 2


def base() -> str:
    return synthetic.offer(CERTIFICATE, [synthetic.media("video", "sendonly", (1, 2))])


BOMBS = {
    "64 KB of one line": lambda: base() + "a=x:" + "y" * 65_000 + "\r\n",
    "200 KB": lambda: base() + "a=x:y\r\n" * 40_000,
    "many m-lines": lambda: base() + (synthetic.media("audio", "recvonly").replace("\n", "\r\n") + "\r\n") * 100,
    "many payload types": lambda: base() + "m=video 9 UDP/TLS/RTP/SAVPF " + " ".join(["96"] * 500) + "\r\n",
    "many candidates": lambda: base() + "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n" * 2000,
    "many sources": lambda: base() + "".join(f"a=ssrc:{i} cname:x\r\n" for i in range(2000)),
    "many fingerprints": lambda: base() + "".join(f"a=fingerprint:sha-256 {'AA:' * 31}{i:02X}\r\n" for i in range(20)),
    "huge numbers": lambda: base() + "a=rtpmap:" + "9" * 1000 + " VP8/90000\r\n",
    "other digits": lambda: base().replace("a=rtpmap:96", "a=rtpmap:٩٦"),
    "no lines": lambda: "",
    "no SDP": lambda: "hello",
    "no media": lambda: "\r\n".join(base().split("\r\n")[:5]) + "\r\n",
    "no credentials": lambda: base().replace("a=ice-ufrag", "a=ice-nothing"),
    "no fingerprint": lambda: base().replace("a=fingerprint", "a=nothing"),
    "short password": lambda: base().replace(synthetic.PASSWORD, "short"),
    "not bundled": lambda: synthetic.offer(
        CERTIFICATE, [synthetic.media("video", "sendonly"), synthetic.media("audio", "sendonly")]
    ).replace("a=group:BUNDLE 0 1\r\n", ""),
    "the same mid twice": lambda: synthetic.offer(
        CERTIFICATE, [synthetic.media("video", "sendonly"), synthetic.media("audio", "sendonly")]
    ).replace("a=mid:1", "a=mid:0"),
    "only VP9": lambda: base().replace("VP8", "VP9"),
    "no rtcp-mux": lambda: base().replace("a=rtcp-mux\r\n", ""),
    "nothing to send": lambda: base().replace("a=sendonly", "a=inactive"),
    "only data": lambda: base().replace("m=video 9 UDP/TLS/RTP/SAVPF 96 97", "m=application 9 UDP/DTLS/SCTP 5000"),
    "NUL and control characters": lambda: base().replace("testufrag", "test\0\x07ufrag"),
    "a mid that injects": lambda: base().replace("a=mid:0", "a=mid:0 a=x"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_offers_made_to_hurt_are_refused_at_once(name: str) -> None:
    offer = BOMBS[name]()

    def read() -> None:
        with pytest.raises(MediaRefused):
            refuse_or_accept(offer)

    assert calls_made(read) < 20_000


def refuse_or_accept(offer: str) -> None:
    if not publisher.acceptable(sdp.parse(offer)):
        raise MediaRefused("nothing to send")


async def test_the_worker_outlives_all_of_them(engine: EmbeddedEngine) -> None:
    for bomb in BOMBS.values():
        with pytest.raises(MediaRefused):
            await engine.publish(bomb(), owner="mallory", kind="camera")
        with pytest.raises(MediaRefused):
            await engine.view(bomb(), owner="mallory", room="hall")
    assert (await engine.stats())["workers"][0]["peers"] == 0


def test_the_largest_offer_that_is_read_is_little_work() -> None:
    filler = "a=fmtp:96 x=" + "y;" * 80 + "\r\n"
    count = (sdp.MAX_BYTES - len(base())) // len(filler)
    offer = base() + filler * min(count, sdp.MAX_LINES - base().count("\n"))
    assert len(offer) > 100_000
    assert calls_made(lambda: sdp.parse(offer)) < 40_000


def test_no_offer_raises_anything_else() -> None:
    """Whatever is cut, doubled or garbled: an answer or a refusal."""
    rng = random.Random(3)
    text = base()
    for _ in range(3000):
        at, end = sorted(rng.randrange(len(text)) for _ in range(2))
        mutated = rng.choice(
            [text[:at], text[:at] + text[end:], text[:at] + text[at:end] * 2 + text[end:], _garble(text, at, rng)]
        )
        try:
            sdp.parse(mutated)
        except MediaRefused:
            continue


def _garble(text: str, at: int, rng: random.Random) -> str:
    return text[:at] + rng.choice("\0\r\n=: 9aZ\u0663é/") + text[at + 1 :]


async def test_half_open_and_silent_peers_are_dropped() -> None:
    """Nobody may fill the server with offers he never follows up, or with connections he has left."""
    engine = EmbeddedEngine("127.0.0.1", 0, half_open=0.5, silent=1.0)
    await engine.start()
    for i in range(50):
        await engine.view(base().replace("sendonly", "recvonly"), owner=f"mallory-{i}", room="hall")
    gone = await screen(engine)
    gone.peer.vanish()
    assert (await engine.stats())["workers"][0]["peers"] >= 1
    async with asyncio.timeout(15):
        while (await engine.stats())["workers"][0]["peers"]:
            await asyncio.sleep(0.05)
    await engine.stop()
