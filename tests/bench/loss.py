"""A bad line to a viewer: Chromium in a namespace where every twentieth datagram is lost, coming and going."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from conference.media.embedded import EmbeddedEngine
from tests.bench import figures as table_of
from tests.bench.figures import Figure
from tests.browser.people import ARGUMENTS, CHROMIUM
from tests.media.signalling import Signalling
from tests.netns import Namespace

TITLE = "A line that loses 5 %"
PERCENT = 5
SETTLING_SECONDS, SECONDS = 8.0, 60.0
FROZEN_MARK, SOUND_MARK = 0.02, 0.01
PAGE = (Path(__file__).parents[1] / "media" / "page.html").read_text("utf-8")
_RECEIVED = "rtpStats('viewer', 'inbound-rtp')"


class Line:
    """An engine, a publisher on this machine, and a viewer in a namespace, both of them Chromium.

    Attributes:
        engine: the media engine.
        away: the namespace.
        sender, viewer: the pages.
        resource: the viewer's id at the engine.
    """

    def __init__(self, engine: EmbeddedEngine, away: Namespace, sender: Page, viewer: Page, resource: str) -> None:
        self.engine = engine
        self.away = away
        self.sender = sender
        self.viewer = viewer
        self.resource = resource

    async def received(self) -> dict[str, dict[str, Any]]:
        """The viewer's statistics of sound and picture."""
        entries: list[dict[str, Any]] = await self.viewer.evaluate(_RECEIVED)
        return {entry["kind"]: entry for entry in entries}


@contextlib.asynccontextmanager
async def line(page: str = PAGE, publish: str = "publish('anna', 640, 480)") -> AsyncIterator[Line]:
    """Someone publishes here (by calling `publish` in `page`), and someone sees it on another machine."""
    async with contextlib.AsyncExitStack() as stack:
        away = await stack.enter_async_context(Namespace())
        engine = EmbeddedEngine("0.0.0.0", 0, [away.ours])
        await engine.start()
        stack.push_async_callback(engine.stop)
        signalling = await stack.enter_async_context(Signalling(engine, page, away.ours))
        playwright = await stack.enter_async_context(async_playwright())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        secure = f"--unsafely-treat-insecure-origin-as-secure={signalling.url}"
        pages = []
        for program in (Path(CHROMIUM), away.wrapper(CHROMIUM, directory)):
            browser = await playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS, secure])
            stack.push_async_callback(browser.close)
            pages.append(await browser.new_page())
            await pages[-1].goto(signalling.url)
        sender, viewer = pages
        await sender.evaluate(publish)
        await engine.switch("hall", [signalling.answers[0].resource])
        await viewer.evaluate("view('bert', 'hall', 1)")
        found = Line(engine, away, sender, viewer, signalling.answers[1].resource)
        async with asyncio.timeout(30):
            while not (await found.received()).get("video", {}).get("framesDecoded"):
                await asyncio.sleep(0.1)
        yield found


async def lose(away: Namespace, percent: int) -> None:
    """From now on lose so many datagrams, on the line itself, so that neither end's sockets are told."""
    drop = f"meta l4proto udp numgen random mod 100 < {percent} drop;"
    chains = "".join(
        f"chain {hook} {{ type filter hook {hook} device {away.inner} priority 0; {drop} }}\n"
        for hook in ("ingress", "egress")
    )
    await away.run("nft", f"table netdev lossy {{ {chains} }}")


def concealed(before: dict[str, Any], after: dict[str, Any]) -> float:
    """The fraction of sound that was made up by the receiver where there was none (W3C webrtc-stats)."""

    def audible(entry: dict[str, Any]) -> int:
        return int(entry["concealedSamples"]) - int(entry["silentConcealedSamples"])

    return (audible(after) - audible(before)) / int(after["totalSamplesReceived"] - before["totalSamplesReceived"])


async def run(seconds: float = SECONDS) -> dict[str, Any]:
    """Lose for so long, after a while to settle."""
    async with line() as found:
        await lose(found.away, PERCENT)
        await asyncio.sleep(SETTLING_SECONDS)
        before = await found.received()
        await asyncio.sleep(seconds)
        after = await found.received()
        seen = (await found.engine.stats())["viewers"][found.resource]
    picture, sound = after["video"], after["audio"]
    passed = (picture["timestamp"] - before["video"]["timestamp"]) / 1000
    return {
        "seconds": passed,
        "frozen": (picture["totalFreezesDuration"] - before["video"]["totalFreezesDuration"]) / passed,
        "freezes": picture["freezeCount"] - before["video"]["freezeCount"],
        "concealed": concealed(before["audio"], sound),
        "frames_per_second": (picture["framesDecoded"] - before["video"]["framesDecoded"]) / passed,
        "lost_sound": (sound["packetsLost"] - before["audio"]["packetsLost"])
        / (sound["packetsReceived"] + sound["packetsLost"] - before["audio"]["packetsReceived"]),
        "sound": {key: sound.get(key, 0) - before["audio"].get(key, 0) for key in SOUND},
        "picture": {key: picture.get(key, 0) - before["video"].get(key, 0) for key in PICTURE},
        "retransmitted": seen["retransmitted"],
    }  # fmt: skip


SOUND = ("fecPacketsReceived", "nackCount", "concealmentEvents", "packetsLost", "retransmittedPacketsReceived")
PICTURE = ("packetsLost", "nackCount", "retransmittedPacketsReceived", "pliCount", "framesDropped", "keyFramesDecoded")


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    return "\n".join(
        [
            f"{result['seconds']:.0f} s, {result['frames_per_second']:.1f} frames/s, {result['freezes']} freezes; "
            f"sound lost on the line {result['lost_sound']:.1%}",
            f"sound: {result['sound']}",
            f"picture: {result['picture']}",
        ]
    )


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    how = f"Chromium in a namespace, nftables drops {PERCENT} % in both directions, `getStats` over {SECONDS:.0f} s"
    same = "the same run; concealed samples that are not silence"
    frozen, gaps = result["frozen"], result["concealed"]
    return [
        Figure("5 % loss to a viewer: frozen time", "< 2 %", f"{frozen:.1%}", frozen < FROZEN_MARK, how),
        Figure("5 % loss to a viewer: gaps in sound", "< 1 %", f"{gaps:.1%}", gaps < SOUND_MARK, same),
    ]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
