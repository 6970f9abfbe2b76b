"""A bad line: Chromium in a namespace where every twentieth datagram is lost, coming and going."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from conference.media.embedded import EmbeddedEngine
from tests.media.signalling import Signalling
from tests.media.test_chromium import ARGUMENTS, CHROMIUM, PAGE, opened
from tests.netns import Namespace

PERCENT = 5
SECONDS = 8.0

pytestmark = [
    pytest.mark.browser,
    pytest.mark.networks,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
async def namespace() -> AsyncIterator[Namespace]:
    """A machine with a bad line."""
    async with Namespace() as namespace:
        lose = f"meta l4proto udp numgen random mod 100 < {PERCENT} drop;"
        chains = "".join(
            f"chain {hook} {{ type filter hook {hook} device {namespace.inner} priority 0; {lose} }}\n"
            for hook in ("ingress", "egress")  # on the line, so that neither end's sockets are told
        )
        await namespace.run("nft", f"table netdev lossy {{ {chains} }}")
        yield namespace


@pytest.fixture
async def engine(namespace: Namespace) -> AsyncIterator[EmbeddedEngine]:
    """An engine that the namespace can reach."""
    engine = EmbeddedEngine("0.0.0.0", 0, [namespace.ours])
    await engine.start()
    yield engine
    await engine.stop()


@pytest.fixture
async def signalling(engine: EmbeddedEngine, namespace: Namespace) -> AsyncIterator[Signalling]:
    """A WHIP and WHEP server that the namespace can reach."""
    async with Signalling(engine, PAGE, namespace.ours) as signalling:
        yield signalling


@pytest.fixture
async def chromium(namespace: Namespace, signalling: Signalling, tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser in there; it may use its fake camera although the page comes by plain HTTP."""
    wrapper = tmp_path / "chromium"
    wrapper.write_text(f'#!/bin/sh\nexec ip netns exec {namespace.name} {CHROMIUM} "$@"\n')
    wrapper.chmod(0o755)
    secure = f"--unsafely-treat-insecure-origin-as-secure={signalling.url}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=wrapper, args=[*ARGUMENTS, secure])
        yield browser
        await browser.close()


async def video(page: Page, name: str, kind: str) -> dict[str, Any]:
    """The video statistics with anything in them."""
    entries: list[dict[str, Any]] = await page.evaluate(f"rtpStats('{name}', '{kind}')")
    return max(
        (e for e in entries if e["kind"] == "video"),
        key=lambda e: e.get("framesDecoded", 0) + e.get("framesSent", 0),
        default={},
    )


async def test_lost_packets_are_made_good(engine: EmbeddedEngine, signalling: Signalling, chromium: Browser) -> None:
    anna, bert = await opened(chromium, signalling.url), await opened(chromium, signalling.url)
    await anna.evaluate("publish('anna', 640, 480)")
    feed = signalling.answers[0].resource
    await engine.switch("hall", [feed])
    await bert.evaluate("view('bert', 'hall', 1)")
    async with asyncio.timeout(30):
        while not (await video(bert, "viewer", "inbound-rtp")).get("framesDecoded"):
            await asyncio.sleep(0.1)
    shown = (await video(bert, "viewer", "inbound-rtp"))["framesDecoded"]
    sent = (await video(anna, "publisher", "outbound-rtp"))["framesSent"]
    await asyncio.sleep(SECONDS)
    shown = (await video(bert, "viewer", "inbound-rtp"))["framesDecoded"] - shown
    sent = (await video(anna, "publisher", "outbound-rtp"))["framesSent"] - sent
    assert shown > 0.7 * sent
    stats = await engine.stats()
    stream = next(s for s in stats["feeds"][feed]["streams"] if s["kind"] == "video")
    assert stream["recovered"] > 0
    assert stats["viewers"][signalling.answers[1].resource]["retransmitted"] > 0
