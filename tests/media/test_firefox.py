"""Firefox in a network namespace publishes and views, alone and together with Chromium's way of speaking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conference.media.embedded import EmbeddedEngine
from tests.firefox import Firefox, Tab
from tests.media.conftest import Heard
from tests.media.signalling import Signalling
from tests.netns import Namespace

PAGE = Path(__file__).with_name("page.html").read_text()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.networks,
]


@pytest.fixture
async def namespace() -> AsyncIterator[Namespace]:
    """A machine of its own for the browser."""
    async with Namespace() as namespace:
        yield namespace


async def decoded(tab: Tab, wanted: int, seconds: float = 30) -> list[dict[str, Any]]:
    """Wait for so many decoded frames; the statistics."""
    async with asyncio.timeout(seconds):
        while True:
            stats: list[dict[str, Any]] = await tab.evaluate("rtpStats('viewer', 'inbound-rtp')")
            if sum(entry.get("framesDecoded", 0) for entry in stats) > wanted:
                return stats
            await asyncio.sleep(0.2)


async def test_firefox_without_udp(namespace: Namespace, tmp_path: Path) -> None:
    await namespace.drop("meta l4proto udp")
    engine = EmbeddedEngine("0.0.0.0", 0, [namespace.ours])
    await engine.start()
    try:
        async with Signalling(engine, PAGE, namespace.ours) as signalling, Firefox(namespace, tmp_path) as firefox:
            page = await firefox.open(signalling.url)
            await page.evaluate("publish('anna', 640, 480)")
            feed = signalling.answers[0].resource
            await engine.switch("hall", [feed])
            await page.evaluate("view('bert', 'hall', 1)")
            await decoded(page, 20)
            assert (await engine.stats())["feeds"][feed]["transport"] == "tcp"
    finally:
        await engine.stop()


async def test_firefox_publishes_and_views(namespace: Namespace, heard: Heard, tmp_path: Path) -> None:
    engine = EmbeddedEngine("0.0.0.0", 0, [namespace.ours])
    engine.on_event = heard
    await engine.start()
    try:
        async with Signalling(engine, PAGE, namespace.ours) as signalling, Firefox(namespace, tmp_path) as firefox:
            anna, bert = await firefox.open(signalling.url), await firefox.open(signalling.url)
            await anna.evaluate("publish('anna', 640, 480)")
            feed = signalling.answers[0].resource
            await engine.switch("hall", [None, feed])
            await bert.evaluate("view('bert', 'hall', 5)")
            stats = await decoded(bert, 10)
            assert {entry["kind"] for entry in stats if entry["packetsReceived"]} == {"audio", "video"}
            await bert.evaluate("restartIce('viewer')")
            shown = sum(entry.get("framesDecoded", 0) for entry in stats)
            await decoded(bert, shown + 20)
            await anna.evaluate("publisher.close()")
            await heard.wait("closed", feed)
    finally:
        await engine.stop()
