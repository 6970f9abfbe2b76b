"""Offers made to hurt, by name: those that must be refused, and the largest that are within the limits."""

from __future__ import annotations

from collections.abc import Callable

from conference.media import sdp
from tests.media import synthetic
from tests.media.stage import CERTIFICATE


def base() -> str:
    """An offer in order."""
    return synthetic.offer(CERTIFICATE, [synthetic.media("video", "sendonly", (1, 2))])


def two() -> str:
    """An offer in order with two m-lines."""
    return synthetic.offer(CERTIFICATE, [synthetic.media("video", "sendonly"), synthetic.media("audio", "sendonly")])


def filled(line: str, head: str = "") -> str:
    """The largest offer that is read: a sound one with as many of a line as may be; ``{}`` is numbered."""
    text = (head or base()).rstrip("\r\n")
    room = sdp.MAX_BYTES - len(text) - 2
    lines = []
    for i in range(sdp.MAX_LINES - text.count("\n") - 1):
        written = "\r\n" + line.replace("{}", str(i))
        room -= len(written)
        if room < 0:
            break
        lines.append(written)
    return text + "".join(lines) + "\r\n"


def _h264(count: int) -> str:
    lines = "".join(f"a=rtpmap:{100 + i} H264/90000\r\na=fmtp:{100 + i} apt={100 + i}\r\n" for i in range(count))
    return base().replace("96 97\r\n", " ".join(map(str, range(100, 100 + count))) + "\r\n") + lines


REFUSED: dict[str, Callable[[], str]] = {
    "64 KB of one line": lambda: base() + "a=x:" + "y" * 65_000 + "\r\n",
    "128 KB - 1 of one line": lambda: (base() + "a=x:").ljust(sdp.MAX_BYTES - 1, "y"),
    "200 KB": lambda: base() + "a=x:y\r\n" * 40_000,
    "128 KB of line ends": lambda: base() + "\n" * (sdp.MAX_BYTES - 2000),
    "128 KB of carriage returns": lambda: base() + "\r" * (sdp.MAX_BYTES - 2000),
    "many m-lines": lambda: base() + (synthetic.media("audio", "recvonly").replace("\n", "\r\n") + "\r\n") * 100,
    "tiny m-lines": lambda: base() + "m=a 9 R 0\r\n" * 4000,
    "many payload types": lambda: base() + "m=video 9 UDP/TLS/RTP/SAVPF " + " ".join(["96"] * 500) + "\r\n",
    "many candidates": lambda: base() + "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n" * 2000,
    "many sources": lambda: base() + "".join(f"a=ssrc:{i} cname:x\r\n" for i in range(2000)),
    "many fingerprints": lambda: base() + "".join(f"a=fingerprint:sha-256 {'AA:' * 31}{i:02X}\r\n" for i in range(20)),
    "huge numbers": lambda: base() + "a=rtpmap:" + "9" * 1000 + " VP8/90000\r\n",
    "a huge clock": lambda: base().replace("VP8/90000", "VP8/" + "9" * 1000),
    "a negative payload type": lambda: base().replace("a=rtpmap:96", "a=rtpmap:-96"),
    "other digits": lambda: base().replace("a=rtpmap:96", "a=rtpmap:٩٦"),
    "other digits in a source": lambda: base().replace("a=ssrc:1 ", "a=ssrc:١ "),
    "digits that are none": lambda: base().replace("m=video 9", "m=video ²"),
    "no lines": lambda: "",
    "no SDP": lambda: "hello",
    "a web page": lambda: "<!doctype html>\r\n<html></html>\r\n",
    "only line ends": lambda: "\r\n" * 1000,
    "no media": lambda: "\r\n".join(base().split("\r\n")[:5]) + "\r\n",
    "no credentials": lambda: base().replace("a=ice-ufrag", "a=ice-nothing"),
    "no fingerprint": lambda: base().replace("a=fingerprint", "a=nothing"),
    "a fingerprint by MD5": lambda: base().replace("a=fingerprint:sha-256", "a=fingerprint:md5"),
    "short password": lambda: base().replace(synthetic.PASSWORD, "short"),
    "a password of 2 KB": lambda: base().replace(synthetic.PASSWORD, "p" * 2000),
    "not bundled": lambda: two().replace("a=group:BUNDLE 0 1\r\n", ""),
    "the same mid twice": lambda: two().replace("a=mid:1", "a=mid:0"),
    "only VP9": lambda: base().replace("VP8", "VP9"),
    "no rtcp-mux": lambda: base().replace("a=rtcp-mux\r\n", ""),
    "nothing to send": lambda: base().replace("a=sendonly", "a=inactive"),
    "only data": lambda: base().replace("m=video 9 UDP/TLS/RTP/SAVPF 96 97", "m=application 9 UDP/DTLS/SCTP 5000"),
    "without encryption": lambda: base().replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
    "an unknown role": lambda: base().replace("a=setup:actpass", "a=setup:holdconn"),
    "NUL and control characters": lambda: base().replace("testufrag", "test\0\x07ufrag"),
    "a NUL for a line": lambda: base() + "\0\r\n",
    "a lone carriage return": lambda: base().replace("a=mid:0", "a=mid:0\ra=x"),
    "a mid that injects": lambda: base().replace("a=mid:0", "a=mid:0 a=x"),
    "a long mid": lambda: base().replace("a=mid:0", "a=mid:" + "0" * 500),
    "payload types that name each other": lambda: _h264(20),
    "retransmissions of retransmissions": lambda: base().replace("VP8/90000", "rtx/90000\r\na=fmtp:96 apt=97"),
}

READ: dict[str, Callable[[], str]] = {
    "format parameters": lambda: filled("a=fmtp:96 x=" + "y;" * 80),
    "short format parameters": lambda: filled("a=fmtp:96 x=y;z=1"),
    "retransmissions": lambda: filled("a=fmtp:97 apt=96;apt=97;x={}"),
    "names of codecs": lambda: filled("a=rtpmap:96 VP8/90000"),
    "feedback for all": lambda: filled("a=rtcp-fb:* nack pli"),
    "feedback": lambda: filled("a=rtcp-fb:96 {} {} {}"),
    "header extensions": lambda: filled("a=extmap:{} urn:ietf:params:rtp-hdrext:sdes:mid"),
    "unknown header extensions": lambda: filled("a=extmap:3 urn:x:{}"),
    "one source": lambda: filled("a=ssrc:1 cname:{}"),
    "groups of sources": lambda: filled("a=ssrc-group:FID {} 2"),
    "names of layers": lambda: filled("a=rid:r{} send"),
    "layers": lambda: filled("a=simulcast:send " + ";".join(f"r{i}" for i in range(40))),
    "directions": lambda: filled("a=sendonly"),
    "bundles": lambda: filled("a=group:BUNDLE {} {} {}"),
    "the same fingerprint": lambda: filled(f"a=fingerprint:{CERTIFICATE.fingerprint}"),
    "credentials": lambda: filled(f"a=ice-pwd:{synthetic.PASSWORD}"),
    "attributes that nobody knows": lambda: filled("a=x-{}:" + "\u20ac" * 10),
    "names of our own methods": lambda: filled("a=_class__:{}"),
}
