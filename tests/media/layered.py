"""A synthetic publisher of three layers, whose packets say which one they are of."""

from __future__ import annotations

from dataclasses import dataclass

from conference.media import rtcp, rtp
from conference.media.embedded import EmbeddedEngine
from tests.media import synthetic
from tests.media.stage import CERTIFICATE
from tests.media.synthetic import Received, SyntheticPeer

RID_ID, REPAIRED_ID = 4, 5
HEIGHTS = {"q": 180, "h": 360, "f": 720}
FILL = {"q": 1, "h": 2, "f": 3}
SIZES = {"q": 120, "h": 400, "f": 1100}


def media(rids: str = "qhf") -> str:
    """A video m-section that offers these layers, VP8 with RTX."""
    lines = [synthetic.media("video", "sendonly"), f"a=extmap:{RID_ID} {rtp.RID}"]
    lines += [f"a=extmap:{REPAIRED_ID} {rtp.REPAIRED_RID}", *(f"a=rid:{rid} send" for rid in rids)]
    return "\n".join([*lines, f"a=simulcast:send {';'.join(rids)}"])


@dataclass
class Layer:
    """One layer: numbers of its own, soon to wrap."""

    ssrc: int
    seq: int
    timestamp: int
    picture: int


class LayeredCamera:
    """Publishes what the test says.

    Attributes:
        feed: its id at the engine.
        layers: by rid.
    """

    def __init__(self, peer: SyntheticPeer, feed: str, rids: str) -> None:
        self.peer = peer
        self.feed = feed
        self.frames = 0
        self.layers = {
            rid: Layer(2000 + i, 65500 - 700 * i, 0xFFFFE000 - 77_000 * i, 0x7FF0 - 900 * i)
            for i, rid in enumerate(rids)
        }

    def frame(self, key: str = "", only: str = "", bound: bool = True, lose: str = "") -> dict[str, Received]:
        """Send one frame on every layer (or on `only` those), key frames on the layers in `key`; nothing of `lose`.

        Returns:
            what was sent, by rid.
        """
        sent = {}
        for rid, layer in self.layers.items():
            if only and rid not in only:
                continue
            payload = picture(rid, layer.picture, rid in key)
            elements = rtp.extension_element(RID_ID, rid.encode()) if bound else b""
            sent[rid] = Received(synthetic.VP8, layer.seq, layer.timestamp, layer.ssrc, True, payload)
            if rid not in lose:
                self.peer.send_rtp(
                    layer.ssrc, synthetic.VP8, layer.seq, layer.timestamp, payload, marker=True, elements=elements
                )
            layer.seq = layer.seq + 1 & 0xFFFF
            layer.picture = layer.picture + 1 & 0x7FFF
        for layer in self.layers.values():
            layer.timestamp = layer.timestamp + 3000 & 0xFFFFFFFF
        self.frames += 1
        return sent

    def repair(self, lost: Received, rid: str, seq: int) -> None:
        """Send a lost packet again, in the layer's retransmission stream."""
        payload = lost.seq.to_bytes(2, "big") + lost.payload
        elements = rtp.extension_element(REPAIRED_ID, rid.encode())
        self.peer.send_rtp(
            self.layers[rid].ssrc + 100, synthetic.RTX, seq, lost.timestamp, payload, marker=True, elements=elements
        )

    def report(self, wall: float) -> None:
        """Send a sender report for each layer, all of this instant."""
        for layer in self.layers.values():
            self.peer.send_rtcp(rtcp.sender_report(layer.ssrc, rtcp.ntp_time(wall), layer.timestamp, 1, 1))

    def asked(self, rid: str) -> int:
        """How often a key frame of a layer was asked for."""
        return self.peer.rtcp.count(rtcp.KeyFrameRequest(self.layers[rid].ssrc))


def picture(rid: str, picture_id: int, key: bool) -> bytes:
    """A VP8 frame of this layer; a key frame says how high it is (RFC 6386 section 9.1)."""
    head = synthetic.vp8_payload(key, picture_id, 6)
    if key:
        head += bytes([0, 0, 0x9D, 0x01, 0x2A, 0, 1]) + HEIGHTS[rid].to_bytes(2, "little")
    return head + bytes([FILL[rid]]) * (SIZES[rid] - len(head))


def layer_of(packet: Received) -> str:
    """Which layer a received frame is of."""
    return next(rid for rid, fill in FILL.items() if fill == packet.payload[-1])


async def layered_camera(engine: EmbeddedEngine, owner: str = "anna", rids: str = "qhf") -> LayeredCamera:
    """A connected publisher of layers."""
    peer = SyntheticPeer(CERTIFICATE)
    offer = synthetic.offer(CERTIFICATE, [media(rids)])
    answer = await engine.publish(offer, owner=owner, kind="camera")
    assert f"a=simulcast:recv {';'.join(rids)}" in answer.sdp
    await peer.connect(answer.sdp)
    return LayeredCamera(peer, answer.resource, rids)
