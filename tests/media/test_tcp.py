"""Media by TCP (RFC 6544): the same as by UDP, and bounded in everything that a stranger may do."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import uvloop
from aioice import stun

from conference.media import rtcp, tcp
from conference.media.embedded import EmbeddedEngine
from conference.media.tcp import TcpListener, TcpPath
from tests.media import synthetic
from tests.media.conftest import Heard
from tests.media.stage import CERTIFICATE, Camera, Screen, camera, screen, settled
from tests.media.synthetic import SyntheticPeer

WAYS = [(True, True), (True, False), (False, True)]


async def ended(reader: asyncio.StreamReader, seconds: float = 5) -> None:
    """Wait until the other side has closed the connection."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(seconds):
            while await reader.read(4096):
                pass


async def show(engine: EmbeddedEngine, anna: Camera, bert: Screen) -> None:
    """Put the camera on the screen, and wait until the first picture is there."""
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)


# as by UDP


@pytest.mark.parametrize(("sender", "receiver"), WAYS, ids=["both", "publisher", "viewer"])
async def test_media_flows(engine: EmbeddedEngine, sender: bool, receiver: bool) -> None:
    anna, bert = await camera(engine, tcp=sender), await screen(engine, tcp=receiver)
    await show(engine, anna, bert)
    for number in range(10, 30):
        anna.frame()
        anna.sound(number)
    video, audio = await bert.expect(bert.video[0], 21), await bert.expect(bert.audio[0], 20)
    assert [p.seq - video[0].seq & 0xFFFF for p in video] == list(range(21))
    assert [p.payload for p in audio] == [b"sound%d" % n for n in range(10, 30)]


async def test_udp_and_tcp_viewers_get_the_same(engine: EmbeddedEngine) -> None:
    anna = await camera(engine)
    screens = [await screen(engine, f"viewer-{i}", tcp=i % 2 == 1) for i in range(6)]
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    for _ in range(30):
        anna.frame(size=900)
    received = [await one.expect(one.video[0], 31) for one in screens]
    assert {tuple(p.payload for p in packets) for packets in received} == {tuple(p.payload for p in received[0])}


async def test_lost_packets_are_asked_for_and_sent_again(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine, tcp=True), await screen(engine, tcp=True)
    await show(engine, anna, bert)
    anna.frame(lose=True)
    anna.frame()
    packets = await bert.expect(bert.video[0], 2)
    await anna.peer.until(lambda: any(isinstance(m, rtcp.Nack) for m in anna.peer.rtcp))
    bert.peer.send_rtcp(rtcp.receiver_report(1) + rtcp.nack(1, bert.video[0], [packets[0].seq]))
    again = (await bert.expect(bert.repair[0], 1))[0]
    assert again.payload[2:] == packets[0].payload


async def test_a_request_is_answered_where_it_came_from(engine: EmbeddedEngine) -> None:
    bert = await screen(engine, tcp=True)
    response = stun.parse_message(await bert.peer.bind())
    assert response.attributes["XOR-MAPPED-ADDRESS"] == bert.peer.socket.getsockname()
    stats = (await settled(engine))["viewers"][bert.resource]
    assert stats["transport"] == "tcp"


async def test_an_encoder_may_be_the_dtls_server_by_tcp(engine: EmbeddedEngine, heard: Heard) -> None:
    peer = SyntheticPeer(CERTIFICATE, tcp=True)
    offer = synthetic.offer(CERTIFICATE, [synthetic.media("video", "sendonly", (1001, 1002))], setup="passive")
    answer = await engine.publish(offer, owner="encoder", kind="programme")
    await peer.connect(answer.sdp, role="server")
    await heard.wait("connected", answer.resource)
    await engine.close(answer.resource)
    await asyncio.wait_for(peer.hung_up.wait(), 5)


# moving from one to the other


@pytest.mark.parametrize("first", ["udp", "tcp"])
async def test_a_viewer_moves_without_a_gap(engine: EmbeddedEngine, heard: Heard, first: str) -> None:
    anna, bert = await camera(engine), await screen(engine, tcp=first == "tcp")
    await show(engine, anna, bert)
    for turn in range(4):
        bert.peer.tcp = not bert.peer.tcp
        await bert.peer.open_socket(engine.port)
        await bert.peer.bind()
        anna.frame()
        await bert.expect(bert.video[0], turn + 2)
    packets = bert.got(bert.video[0])
    assert [p.seq - packets[0].seq & 0xFFFF for p in packets] == list(range(5))
    assert [e for e in heard.events if e.kind == "closed"] == []


async def test_a_publisher_moves_without_a_gap(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await show(engine, anna, bert)
    for turn in range(4):
        anna.peer.tcp = not anna.peer.tcp
        await anna.peer.open_socket(engine.port)
        await anna.peer.bind()
        anna.frame()
        await bert.expect(bert.video[0], turn + 2)
    stream = (await settled(engine))["feeds"][anna.feed]["streams"][0]
    assert (stream["packets"], stream["lost"]) == (5, 0)


async def test_ice_restarts_into_tcp(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await show(engine, anna, bert)
    fragment = "a=ice-ufrag:anotherone\r\na=ice-pwd:anotherpasswordanother\r\n"
    answer, _ = await engine.patch(bert.resource, fragment, "*")
    offered = [line.split(" ")[2] for line in answer.split("\r\n") if line.startswith("a=candidate")]
    assert offered == ["udp", "tcp"]
    ufrag, password = (synthetic.attribute(answer, name) for name in ("ice-ufrag", "ice-pwd"))
    bert.peer.tcp = True
    await bert.peer.open_socket(engine.port)
    await bert.peer.bind(ufrag=ufrag, password=password, remote="anotherone")
    anna.frame()
    first, second = await bert.expect(bert.video[0], 2)
    assert second.seq - first.seq & 0xFFFF == 1


async def test_a_lost_connection_falls_back_to_another_path(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await show(engine, anna, bert)
    bert.peer.tcp = True
    by_udp = await bert.peer.open_another(engine.port)
    await bert.peer.bind()
    anna.frame()
    await bert.expect(bert.video[0], 2)
    assert (await settled(engine))["viewers"][bert.resource]["transport"] == "tcp"
    bert.peer.vanish()
    assert (await settled(engine))["viewers"][bert.resource]["transport"] == "udp"
    anna.frame()
    packets = await bert.expect(bert.video[0], 3)
    assert packets[2].seq - packets[0].seq & 0xFFFF == 2
    by_udp.close()


async def test_a_connection_that_breaks_may_be_replaced(engine: EmbeddedEngine, heard: Heard) -> None:
    anna, bert = await camera(engine), await screen(engine, tcp=True)
    await show(engine, anna, bert)
    bert.peer.vanish()
    await settled(engine)
    anna.frame()
    await settled(engine)
    await bert.peer.open_socket(engine.port)
    await bert.peer.bind(nominate=False)
    anna.frame()
    packets = await bert.expect(bert.video[0], 2)
    assert packets[1].seq - packets[0].seq & 0xFFFF == 2
    assert [e for e in heard.events if e.kind == "closed"] == []


# what a stranger may do


@pytest.mark.parametrize(
    "stream",
    [b"\xff\xff" + bytes(70_000), b"GET / HTTP/1.1\r\n\r\n", bytes(10_000), b"\x00\x01x" * 5000, b"\x08\x01" + b"x"],
    ids=["giant", "http", "empty frames", "tiny frames", "one too long"],
)
async def test_what_is_not_framed_media_is_hung_up_on(engine: EmbeddedEngine, stream: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", engine.port)
    writer.write(stream)
    await ended(reader, tcp.PROOF_WITHIN - 1)
    writer.close()
    worker = (await settled(engine))["workers"][0]
    assert worker["failures"] == 0


async def test_frames_that_prove_nothing_are_not_heard_for_long(engine: EmbeddedEngine) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", engine.port)
    frame = bytes(20)
    writer.write((len(frame).to_bytes(2, "big") + frame) * 1000)
    await ended(reader, tcp.PROOF_WITHIN - 1)
    writer.close()
    assert (await settled(engine))["workers"][0]["strange"] == tcp.MAX_UNPROVEN_FRAMES


async def test_byte_by_byte(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await show(engine, anna, bert)
    reader, writer = await asyncio.open_connection("127.0.0.1", engine.port)
    request = bytes(bert.peer.binding())
    for byte in len(request).to_bytes(2, "big") + request:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.001)
    size = int.from_bytes(await reader.readexactly(2), "big")
    response = stun.parse_message(await reader.readexactly(size))
    assert response.transaction_id == request[8:20]
    writer.close()


async def test_one_address_may_not_take_all(engine: EmbeddedEngine) -> None:
    """Too many connections from one address that prove nothing are refused; others are not hurt."""
    anna = await camera(engine)
    held = [await asyncio.open_connection("127.0.0.1", engine.port) for _ in range(tcp.MAX_UNPROVEN_PER_ADDRESS)]
    await settled(engine)
    reader, writer = await asyncio.open_connection("127.0.0.1", engine.port)
    await ended(reader, 2)
    bert = SyntheticPeer(CERTIFICATE, tcp=True)
    bert.own = "127.0.0.2"
    offer = synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly")])
    answer = await engine.view(offer, owner="bert", room="hall")
    bert.answer = answer.sdp
    await bert.open_socket(engine.port)
    await bert.bind()
    for reader, _ in held:
        await ended(reader, tcp.PROOF_WITHIN + 2)
    for _, one in [*held, (reader, writer)]:
        one.close()
    assert (await settled(engine))["feeds"][anna.feed]["connected"]


async def test_who_reads_nothing_holds_nobody_up(engine: EmbeddedEngine) -> None:
    """A viewer whose connection stands still: pictures too many for it are dropped, the others get everything."""
    anna, bert, slow = await camera(engine), await screen(engine), await screen(engine, "slow", tcp=True)
    await show(engine, anna, bert)
    await slow.expect(slow.video[0], 1)
    slow.peer.pause(True)
    for count in range(1500):
        anna.frame(size=1100)
        if count % 50 == 49:
            anna.sound(count)
            await bert.expect(bert.video[0], count + 2)
    worker = (await settled(engine))["workers"][0]
    assert worker["dropped_out"] > 0
    assert len(bert.got(bert.video[0])) == 1501
    slow.peer.pause(False)
    async with asyncio.timeout(10):
        while slow.got(slow.video[0])[-1].seq != bert.got(bert.video[0])[-1].seq:
            anna.frame()
            await asyncio.sleep(0.05)
    assert len(slow.got(slow.video[0])) < len(bert.got(bert.video[0]))
    assert len(slow.got(slow.audio[0])) == len(bert.got(bert.audio[0])) == 30


# the listener alone


class Listening:
    """A listener on a port of its own, and what it heard.

    Attributes:
        frames: the datagrams that came; `lost` the paths that ended.
    """

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.lost: list[TcpPath] = []
        self.listener = TcpListener(self._heard, self.lost.append, proof_within=0.2, idle=0.4)
        self.port = 0

    def _heard(self, path: TcpPath, datagrams: Sequence[bytes]) -> None:
        self.frames += datagrams
        if b"this proves it" in datagrams:
            path.prove()


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    """A listener with little patience."""
    one = Listening()
    udp, sock = tcp.sockets("127.0.0.1", 0)
    one.port = udp.port
    assert sock.getsockname()[1] == udp.port
    await one.listener.listen(sock)
    yield one
    await one.listener.close()
    udp.close()


async def test_who_proves_nothing_is_closed(listening: Listening) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    writer.write(b"\x00\x0ethis proves no")
    await ended(reader)
    writer.close()
    assert (len(listening.lost), listening.listener.connections, listening.frames) == (1, set(), [b"this proves no"])


async def test_who_falls_silent_is_closed_later(listening: Listening) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    for _ in range(6):
        writer.write(b"\x00\x0ethis proves it")
        await asyncio.sleep(0.1)
    assert len(listening.frames) == 6
    await ended(reader)
    writer.close()
    assert listening.frames.count(b"this proves it") == 6


async def test_counts_return_to_nothing(listening: Listening) -> None:
    listener = listening.listener
    writers = [(await asyncio.open_connection("127.0.0.1", listening.port))[1] for _ in range(10)]
    for writer in writers[:5]:
        writer.write(b"\x00\x0ethis proves it")
    await asyncio.sleep(0.05)
    assert (listener.unproven, len(listener.connections)) == (5, 10)
    for writer in writers:
        writer.close()
    await asyncio.sleep(0.05)
    assert (listener.unproven, listener.addresses, listener.connections) == (0, 0, set())


def test_connections_that_are_reset_at_once_leave_nothing() -> None:
    """In the event loop of the workers, which tells nobody's address when the connection is gone already."""
    complaints: list[dict[str, Any]] = []

    def storm(port: int) -> None:
        for _ in range(500):
            with socket.create_connection(("127.0.0.1", port)) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def story() -> TcpListener:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        listener = TcpListener(lambda _path, _datagrams: None, lambda _path: None, proof_within=0.2)
        udp, sock = tcp.sockets("127.0.0.1", 0)
        await listener.listen(sock)
        await asyncio.to_thread(storm, udp.port)
        await asyncio.sleep(0.5)
        await listener.close()
        udp.close()
        return listener

    listener = uvloop.run(story())
    assert (complaints, listener.unproven, listener.addresses, listener.connections) == ([], 0, 0, set())


def test_an_ipv6_network_counts_as_one_address() -> None:
    """One machine has 2⁶⁴ addresses there."""
    listener = TcpListener(lambda _path, _datagrams: None, lambda _path: None)
    hosts = ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1", "::ffff:192.0.2.1", "192.0.2.2", "fe80::1%2"]
    assert [listener.admit(tcp.place(host)) for host in hosts] == [True] * 6
    assert listener.addresses == 5
