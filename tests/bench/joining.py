"""A crowd comes to watch: 90 viewers within 10 s; how long from each one's offer to its first decoded frame.

Chromium publishes its made-up camera and makes key frames when asked. Of the viewers some are Chromium, too, which
tells itself when a frame was there; the others send the same offers over HTTP, connect by ICE and DTLS, and take the
first complete key frame, with nothing missing, to libvpx; without one they ask for it every 200 ms, as Chromium does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from typing import Any

import aiohttp
from aiortc.codecs.vpx import Vp8Decoder, VpxPayloadDescriptor
from aiortc.jitterbuffer import JitterFrame
from playwright.async_api import Page

from conference.media import rtcp
from conference.media.aiortc_seam import Certificate
from conference.media.embedded import EmbeddedEngine
from tests.bench import figures as table_of
from tests.bench.figures import Figure, percentile
from tests.bench.loss import PAGE
from tests.bench.media import SO_RCVBUFFORCE, VIEWER_BUFFER
from tests.browser.people import chromium
from tests.media import synthetic
from tests.media.signalling import Signalling
from tests.media.synthetic import Received, SyntheticPeer

TITLE = "A crowd comes to watch"
VIEWERS, BROWSERS = 90, 6
JOIN_SECONDS = 10.0
PATIENCE, ASK_SECONDS = 20.0, 0.2
SETTLING_SECONDS = 3.0
MARK = 1.5


async def in_chromium(page: Page, number: int) -> float:
    """Seconds from offer to picture in a real browser."""
    await page.evaluate(f"view('browser-{number}', 'hall', 1)")
    async with asyncio.timeout(PATIENCE):
        while (milliseconds := await page.evaluate("window.firstFrame")) is None:
            await asyncio.sleep(0.1)
    return float(milliseconds) / 1000


class Eager(SyntheticPeer):
    """A viewer that waits for a picture.

    Attributes:
        shown: when the first one was decoded (`time.perf_counter`), None before.
    """

    def __init__(self, certificate: Certificate) -> None:
        super().__init__(certificate)
        self.shown: float | None = None

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        super().datagram_received(data, address)
        if self.shown is None and self.rtp and self.rtp[-1].payload_type == synthetic.VP8:
            frame = key_frame([packet for packet in self.rtp if packet.payload_type == synthetic.VP8])
            if frame and Vp8Decoder().decode(JitterFrame(frame, 0)):
                self.shown = time.perf_counter()

    def open(self, data: bytes) -> bytes:
        """Padding is no part of a frame (RFC 3550 section 5.1)."""
        plain = super().open(data)
        return plain[: -plain[-1]] if plain and plain[0] & 0x20 else plain

    def ask(self) -> None:
        """Ask for a key frame, if there was none."""
        if self.shown is None:
            ssrc = int(synthetic.attribute(self.answer, "ssrc").split(" ")[0])  # the picture's stands first
            self.send_rtcp(rtcp.receiver_report(1) + rtcp.picture_loss(1, ssrc))


def key_frame(packets: list[Received]) -> bytes:
    """The first complete key frame among packets (RFC 7741), ``b""`` if there is none yet."""
    by_seq = {packet.seq: packet for packet in packets}
    for first in packets:
        descriptor, data = VpxPayloadDescriptor.parse(first.payload)
        if not (descriptor.partition_start and descriptor.partition_id == 0 and data and not data[0] & 1):
            continue
        packet = first
        while not packet.marker:
            after = by_seq.get(packet.seq + 1 & 0xFFFF)
            if after is None or after.timestamp != first.timestamp:
                break
            packet, data = after, data + VpxPayloadDescriptor.parse(after.payload)[1]
        else:
            return bytes(data)
    return b""


async def by_hand(http: aiohttp.ClientSession, url: str, peer: Eager, number: int) -> float:
    """The same of a viewer without a browser."""
    began = time.perf_counter()
    sections = [synthetic.media("video", "recvonly"), synthetic.media("audio", "recvonly")]
    offer = synthetic.offer(peer.certificate, sections)
    async with http.post(f"{url}/whep/viewer-{number}/hall", data=offer) as answer:
        assert answer.status == 201, answer.status
        sdp = await answer.text()
    await peer.connect(sdp)
    with contextlib.suppress(PermissionError):
        peer.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, VIEWER_BUFFER)
    async with asyncio.timeout(PATIENCE):
        while peer.shown is None:
            with contextlib.suppress(TimeoutError):
                await peer.until(lambda: peer.shown, ASK_SECONDS)
            peer.ask()
    return peer.shown - began


async def run(viewers: int = VIEWERS, browsers: int = BROWSERS) -> dict[str, Any]:
    """Let them come evenly."""
    engine, certificate = EmbeddedEngine("127.0.0.1", 0), Certificate()
    async with contextlib.AsyncExitStack() as stack:
        await engine.start()
        stack.push_async_callback(engine.stop)
        signalling = await stack.enter_async_context(Signalling(engine, PAGE))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        browser = await stack.enter_async_context(chromium())
        sender, *pages = [await browser.new_page() for _ in range(browsers + 1)]
        for page in (sender, *pages):
            await page.goto(signalling.url)
        await sender.evaluate("publish('anna', 640, 480)")
        await engine.switch("hall", [signalling.answers[0].resource])
        await asyncio.sleep(SETTLING_SECONDS)
        places = {(2 * i + 1) * viewers // (2 * browsers): page for i, page in enumerate(pages)}

        async def come(number: int) -> float:
            await asyncio.sleep(JOIN_SECONDS * number / viewers)
            if number in places:
                return await in_chromium(places[number], number)
            peer = Eager(certificate)
            took = await by_hand(http, signalling.url, peer, number)
            stack.callback(os.close, os.dup(peer.socket.fileno()))  # stays, and is not read any more
            peer.vanish()
            return took

        took = await asyncio.gather(*map(come, range(viewers)))
        feed = (await engine.stats())["feeds"][signalling.answers[0].resource]
    [video] = [stream for stream in feed["streams"] if stream["kind"] == "video"]
    return {
        "Chromium": [took[number] for number in places],
        "others": [seconds for number, seconds in enumerate(took) if number not in places],
        "key_frames": video["key_frames"],
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'':12}{'viewers':>8}{'p50':>9}{'p95':>9}{'worst':>9}"]
    for name in ("Chromium", "others"):
        took = result[name]
        times = "".join(f"{s * 1000:>7.0f}ms" for s in (percentile(took, 50), percentile(took, 95), max(took)))
        lines.append(f"{name:12}{len(took):>8}{times}")
    return "\n".join([*lines, f"key frames that the publisher made: {result['key_frames']}"])


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    took, real = [*result["Chromium"], *result["others"]], result["Chromium"]
    p95 = percentile(took, 95)
    how = (
        f"{len(real)} Chromium (worst {max(real):.2f} s), {len(took) - len(real)} with libvpx (median "
        f"{percentile(took, 50):.2f} s); Chromium publishes"
    )
    what = f"{len(took)} viewers joining within {JOIN_SECONDS:.0f} s: offer to first decoded frame, p95"
    return [Figure(what, f"< {MARK} s", f"{p95:.2f} s", p95 < MARK, how)]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
