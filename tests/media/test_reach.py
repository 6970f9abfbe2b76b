"""Who may send where: ICE, address changes, restarts, and peers that never come or go silently."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aioice import stun

from conference.media.embedded import EmbeddedEngine
from conference.media.engine import MediaRefused
from tests.media import synthetic
from tests.media.conftest import Heard
from tests.media.stage import CERTIFICATE, camera, screen, settled
from tests.media.synthetic import SyntheticPeer


async def watching(engine: EmbeddedEngine) -> SyntheticPeer:
    """A viewer that has its answer and has not knocked yet."""
    peer = SyntheticPeer(CERTIFICATE)
    offer = synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly")])
    peer.answer = (await engine.view(offer, owner="bert", room="hall")).sdp
    await peer.open_socket(engine.port)
    return peer


@pytest.mark.parametrize(
    "kinds",
    [{"ufrag": "somebodyelse"}, {"password": "wrongwrongwrongwrongwrong"}, {"remote": "notwhatwasoffered"}],
    ids=["ufrag", "password", "remote ufrag"],
)
async def test_only_who_has_the_answer_is_heard(engine: EmbeddedEngine, kinds: dict[str, str]) -> None:
    peer = await watching(engine)
    with pytest.raises(TimeoutError):
        await peer.bind(0.3, **kinds)
    response = stun.parse_message(await peer.bind())
    assert response.attributes["XOR-MAPPED-ADDRESS"] == peer.socket.getsockname()


@pytest.mark.parametrize("change", ["one byte", "no integrity"])
async def test_a_request_that_was_tampered_with_is_not_answered(engine: EmbeddedEngine, change: str) -> None:
    peer = await watching(engine)
    data = bytearray(bytes(peer.binding()))
    if change == "one byte":
        data[30] ^= 1
    else:
        bare = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        bare.attributes["USERNAME"] = f"{synthetic.attribute(peer.answer, 'ice-ufrag')}:{synthetic.UFRAG}"
        data = bytearray(bytes(bare))
    peer.send(bytes(data))
    await asyncio.sleep(0.1)
    assert (await settled(engine))["workers"][0]["strange"] >= 1


async def test_a_new_address_takes_over_when_it_is_nominated(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    await bert.peer.open_socket(engine.port)
    anna.frame()
    await asyncio.sleep(0.1)
    assert len(bert.got(bert.video[0])) == 1
    await bert.peer.bind(nominate=False)
    anna.frame()
    await asyncio.sleep(0.1)
    assert len(bert.got(bert.video[0])) == 1
    await bert.peer.bind()
    anna.frame()
    packets = await bert.expect(bert.video[0], 2)
    assert packets[1].seq - packets[0].seq & 0xFFFF == 3
    await anna.peer.open_socket(engine.port)
    await anna.peer.bind()
    anna.frame()
    await bert.expect(bert.video[0], 3)


async def test_ice_restarts_on_the_same_connection(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    fragment = "a=ice-ufrag:anotherone\r\na=ice-pwd:anotherpasswordanother\r\n"
    answer, etag = await engine.patch(bert.resource, fragment, "*")
    ufrag, password = (synthetic.attribute(answer, name) for name in ("ice-ufrag", "ice-pwd"))
    assert synthetic.attribute(answer, "candidate").endswith("typ host")
    anna.frame()
    await bert.expect(bert.video[0], 2)
    await bert.peer.bind()
    await bert.peer.open_socket(engine.port)
    await bert.peer.bind(ufrag=ufrag, password=password, remote="anotherone")
    anna.frame()
    await bert.expect(bert.video[0], 3)
    with pytest.raises(TimeoutError):
        await bert.peer.bind(0.3)
    assert await engine.patch(bert.resource, "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n", etag) == ("", etag)
    with pytest.raises(MediaRefused) as refused:
        await engine.patch(bert.resource, "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n", "older")
    assert refused.value.code == "media.stale"


async def test_candidates_of_clients_are_not_believed(engine: EmbeddedEngine) -> None:
    """An offer or fragment naming another host must not make us send anything there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.bind(("127.0.0.1", 0))
        victim.setblocking(False)
        line = f"a=candidate:1 1 udp 2130706431 127.0.0.1 {victim.getsockname()[1]} typ host"
        offer = synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly") + "\n" + line])
        answer = await engine.view(offer, owner="bert", room="hall")
        await engine.patch(answer.resource, line + "\r\n", None)
        await asyncio.sleep(0.5)
        with pytest.raises(BlockingIOError):
            victim.recv(2000)


async def test_media_from_a_stranger_is_dropped(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    own = anna.peer
    stranger = SyntheticPeer(CERTIFICATE)
    await stranger.open_socket(engine.port)
    stranger.srtp = own.srtp
    stranger.send_rtp(1001, synthetic.VP8, 1, 0, synthetic.vp8_payload(True, 1, 50))
    assert (await settled(engine))["workers"][0]["strange"] == 1
    assert bert.peer.rtp == []
    stranger.vanish()


async def test_a_replayed_packet_is_dropped(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    sent: list[bytes] = []
    send = anna.peer.send
    anna.peer.send = lambda data: (sent.append(data), send(data))[1]  # type: ignore[method-assign,func-returns-value]
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    for data in sent * 3:
        send(data)
    assert (await settled(engine))["feeds"][anna.feed]["streams"][0]["packets"] == 1


async def test_a_wrong_fingerprint_ends_the_handshake(engine: EmbeddedEngine, heard: Heard) -> None:
    peer = SyntheticPeer(CERTIFICATE)
    offer = synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly")])
    ours = CERTIFICATE.fingerprint
    offer = offer.replace(ours, ours[:-2] + ("00" if ours[-2:] != "00" else "01"))
    answer = await engine.view(offer, owner="bert", room="hall")
    await peer.connect(answer.sdp)
    assert (await heard.wait("closed", answer.resource)).detail == {"reason": "handshake failed"}


async def test_an_encoder_may_be_the_dtls_server(engine: EmbeddedEngine, heard: Heard) -> None:
    peer = SyntheticPeer(CERTIFICATE)
    sections = [synthetic.media("video", "sendonly", (1001, 1002))]
    offer = synthetic.offer(CERTIFICATE, sections, setup="passive")
    answer = await engine.publish(offer, owner="encoder", kind="programme")
    assert "a=setup:active" in answer.sdp
    await peer.connect(answer.sdp, role="server")
    await heard.wait("connected", answer.resource)
    await engine.close(answer.resource)
    await asyncio.wait_for(peer.closed.wait(), 2)
    peer.vanish()


async def test_both_libraries_speak_as_server_too(engine: EmbeddedEngine, heard: Heard) -> None:
    peer = SyntheticPeer(CERTIFICATE)
    sections = [synthetic.media("video", "sendonly", (1001, 1002))]
    offer = synthetic.offer(CERTIFICATE, sections, setup="active")
    answer = await engine.publish(offer, owner="encoder", kind="programme")
    assert "a=setup:passive" in answer.sdp
    await peer.connect(answer.sdp)
    await heard.wait("connected", answer.resource)
    await peer.close()
    assert (await heard.wait("closed", answer.resource)).detail == {"reason": "peer closed"}


async def test_twenty_join_one_after_the_other(engine: EmbeddedEngine) -> None:
    peers = [await screen(engine, f"viewer-{i}") for i in range(20)]
    assert (await settled(engine))["workers"][0]["peers"] == 20
    for one in peers:
        await one.peer.close()


async def test_requests_with_crippled_attributes_are_passed_over(engine: EmbeddedEngine) -> None:
    """An attribute of the wrong size must not be more than a strange datagram."""
    peer = await watching(engine)
    good = bytes(peer.binding())
    for kind in (0x0020, 0x0024, 0x0009, 0x8028, 0x0006, 0x8029):
        for size in (0, 1, 3, 5):
            attribute = kind.to_bytes(2, "big") + size.to_bytes(2, "big") + b"\xff" * size + bytes(-size % 4)
            peer.send(good[:2] + len(attribute).to_bytes(2, "big") + good[4:20] + attribute)
    worker = (await settled(engine))["workers"][0]
    assert (worker["strange"], worker["failures"]) == (24, 0)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_both_families_on_one_port() -> None:
    engine = EmbeddedEngine("::", 0, ["127.0.0.1", "::1"])
    await engine.start()
    anna, bert = SyntheticPeer(CERTIFICATE), SyntheticPeer(CERTIFICATE)
    bert.host = "::1"
    offer = synthetic.offer(CERTIFICATE, [synthetic.media("video", "sendonly", (1001, 1002))])
    answer = await engine.publish(offer, owner="anna", kind="camera")
    candidates = [line.split(" ") for line in answer.sdp.split("\r\n") if line.startswith("a=candidate")]
    offered = [(part[2], part[4]) for part in candidates]
    assert offered == [(way, address) for way in ("udp", "tcp") for address in ("127.0.0.1", "::1")]
    assert sorted((int(part[3]) for part in candidates), reverse=True) == [int(part[3]) for part in candidates]
    await anna.connect(answer.sdp)
    await engine.switch("hall", [answer.resource])
    offer = synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly")])
    await bert.connect((await engine.view(offer, owner="bert", room="hall")).sdp)
    anna.send_rtp(1001, synthetic.VP8, 1, 0, synthetic.vp8_payload(True, 1, 50))
    await bert.until(lambda: len(bert.rtp) == 1)
    await engine.stop()


async def test_a_traveller_is_never_locked_out(engine: EmbeddedEngine) -> None:
    anna, bert = await camera(engine), await screen(engine)
    await engine.switch("hall", [anna.feed])
    anna.frame(key=True)
    for i in range(20):
        await bert.expect(bert.video[0], i + 1)
        await bert.peer.open_socket(engine.port)
        await bert.peer.bind()
        anna.frame()
    assert (await settled(engine))["workers"][0]["peers"] == 2
