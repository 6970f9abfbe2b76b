"""Answers: what is accepted and how it is announced, read by aiortc's parser as a second opinion."""

from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription

from conference.media import publisher, sdp, viewer
from conference.media.addresses import advertised, local_addresses, resolve
from conference.media.dtls import answering_role
from tests.media import synthetic
from tests.media.stage import CERTIFICATE

TRANSPORT = sdp.Transport("ufrag", "p" * 22, CERTIFICATE.fingerprint, "passive", ["192.0.2.1", "2001:db8::1"], 4000)
H264 = """m=video 9 UDP/TLS/RTP/SAVPF 102 103 104 105 106 107
c=IN IP4 0.0.0.0
a=sendrecv
a=rtpmap:102 H264/90000
a=fmtp:102 packetization-mode=0;profile-level-id=42e01f
a=rtpmap:103 H264/90000
a=fmtp:103 packetization-mode=1;profile-level-id=640032
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=103
a=rtpmap:105 H264/90000
a=fmtp:105 packetization-mode=1;profile-level-id=42e01f
a=rtcp-fb:* nack pli
a=rtpmap:106 rtx/90000
a=fmtp:106 apt=105
a=rtpmap:107 AV1/90000"""
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\nc=IN IP4 0.0.0.0\na=sctp-port:5000"


def answered(sections: list[str], *, publish: bool) -> tuple[str, SessionDescription]:
    offer = sdp.parse(synthetic.offer(CERTIFICATE, sections))
    accepted = publisher.acceptable(offer) if publish else viewer.acceptable(offer)[0]
    text = sdp.answer(offer, TRANSPORT, 1, accepted)
    return text, SessionDescription.parse(text)


def test_a_publisher_may_send_one_stream_of_each_kind() -> None:
    video, audio = synthetic.media("video", "sendonly", (1, 2)), synthetic.media("audio", "sendonly", (3,))
    text, parsed = answered([video, audio, video, audio, DATA], publish=True)
    assert [(m.kind, m.port, m.direction) for m in parsed.media] == [
        ("video", 4000, "recvonly"),
        ("audio", 4000, "recvonly"),
        ("video", 0, "inactive"),
        ("audio", 0, "inactive"),
        ("application", 0, "inactive"),
    ]
    assert parsed.group[0].items == ["0", "1"]
    assert parsed.media[0].ice.iceLite
    offered = [(c.protocol, c.ip, c.tcpType) for c in parsed.media[0].ice_candidates]
    addresses = "192.0.2.1", "2001:db8::1"
    assert offered == [(way, ip, kind) for way, kind in (("udp", None), ("tcp", "passive")) for ip in addresses]
    assert parsed.media[0].dtls.role == "server"
    assert "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid" in text


def test_a_viewer_gets_a_slot_for_each_line_that_receives() -> None:
    video, audio = synthetic.media("video", "recvonly"), synthetic.media("audio", "sendrecv")
    text, parsed = answered([video, audio, video, synthetic.media("audio", "sendonly")], publish=False)
    assert [(m.kind, m.direction) for m in parsed.media] == [
        ("video", "sendonly"),
        ("audio", "sendonly"),
        ("video", "sendonly"),
        ("audio", "inactive"),
    ]
    assert [m.msid for m in parsed.media[:3]] == ["slot-0 slot-0-video", "slot-0 slot-0-audio", "slot-1 slot-1-video"]
    ssrcs = [[s.ssrc for s in m.ssrc] for m in parsed.media[:3]]
    assert ssrcs == [
        [viewer.slot_ssrc("video", 0), viewer.slot_ssrc("video", 0) + 1],
        [viewer.slot_ssrc("audio", 0)],
        [viewer.slot_ssrc("video", 1), viewer.slot_ssrc("video", 1) + 1],
    ]
    assert len({ssrc for group in ssrcs for ssrc in group}) == 5
    assert "a=ssrc-group:FID" in text


def test_every_viewer_is_told_the_same_streams() -> None:
    first, second = (answered([synthetic.media("video", "recvonly")], publish=False)[0] for _ in range(2))
    assert first == second


def test_h264_is_taken_in_the_form_that_every_browser_decodes() -> None:
    text, parsed = answered([H264], publish=False)
    codecs = [(c.name, c.payloadType) for c in parsed.media[0].rtp.codecs]
    assert codecs == [("H264", 105), ("rtx", 106)]
    assert "a=fmtp:105 packetization-mode=1;profile-level-id=42e01f" in text
    assert "a=rtcp-fb:105 nack pli" in text


def test_vp8_is_preferred_and_alone_for_publishers() -> None:
    both = H264.replace("103 104 105", "96 104 105") + "\na=rtpmap:96 VP8/90000"
    assert [c.name for c in answered([both], publish=True)[1].media[0].rtp.codecs] == ["VP8"]
    assert [c.name for c in answered([both], publish=False)[1].media[0].rtp.codecs] == ["VP8", "H264", "rtx"]


@pytest.mark.parametrize(("offered", "ours"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")])
def test_the_dtls_role_is_the_other_one(offered: str, ours: str) -> None:
    offer = sdp.parse(synthetic.offer(CERTIFICATE, [synthetic.media("video", "recvonly")], setup=offered))
    assert (offer.setup, answering_role(offer.setup)) == (offered, ours)


def test_a_fragment_says_whether_ice_restarts() -> None:
    assert sdp.parse_fragment("a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n") == sdp.Fragment("", "")
    restart = f"a=ice-ufrag:new1\r\na=ice-pwd:{'p' * 22}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
    assert sdp.parse_fragment(restart) == sdp.Fragment("new1", "p" * 22)
    assert TRANSPORT.fragment().split("\r\n")[:3] == ["a=ice-lite", "a=ice-ufrag:ufrag", f"a=ice-pwd:{'p' * 22}"]


def test_addresses_that_others_reach_come_first() -> None:
    found = local_addresses()
    assert "127.0.0.1" in found
    assert [a in ("127.0.0.1", "::1") for a in found] == sorted(a in ("127.0.0.1", "::1") for a in found)
    assert advertised("0.0.0.0", ["203.0.113.7", "203.0.113.7"]) == ["203.0.113.7"]
    assert advertised("127.0.0.1", None) == ["127.0.0.1"]
    assert all(":" not in address for address in advertised("0.0.0.0", None))
    assert resolve("localhost") in ("127.0.0.1", "::1")
    assert resolve("") == "0.0.0.0"
