"""A viewer's line is cut: Chromium in a namespace gets a smaller picture, keeps its sound, and gets the large again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from conference.media.embedded import EmbeddedEngine
from tests.media.signalling import Signalling
from tests.media.test_chromium import ARGUMENTS, CHROMIUM, PAGE, opened
from tests.netns import Namespace, run

NARROW = "500kbit"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.networks,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
async def namespace() -> AsyncIterator[Namespace]:
    """The viewer's machine."""
    async with Namespace() as namespace:
        yield namespace


@pytest.fixture
async def engine(namespace: Namespace) -> AsyncIterator[EmbeddedEngine]:
    """An engine that the namespace can reach."""
    engine = EmbeddedEngine("0.0.0.0", 0, [namespace.ours])
    await engine.start()
    yield engine
    await engine.stop()


async def layer(engine: EmbeddedEngine, viewer: str) -> str | None:
    """Which layer the viewer gets."""
    layers: list[str | None] = (await engine.stats())["viewers"][viewer]["layers"]
    return layers[0]


async def becomes(engine: EmbeddedEngine, viewer: str, wanted: str, seconds: float) -> float:
    """Wait until the viewer gets one of these layers; how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while (await layer(engine, viewer) or "-") not in wanted:
            await asyncio.sleep(0.1)
    return time.monotonic() - began


async def heard(page: Page) -> dict[str, Any]:
    """What the viewer's sound came to."""
    entries: list[dict[str, Any]] = await page.evaluate("rtpStats('viewer', 'inbound-rtp')")
    return next(entry for entry in entries if entry["kind"] == "audio")


async def test_a_cut_line_gets_a_smaller_picture_and_the_large_one_again(
    namespace: Namespace, engine: EmbeddedEngine, tmp_path: Path
) -> None:
    wrapper = namespace.wrapper(str(CHROMIUM), tmp_path)
    async with Signalling(engine, PAGE, namespace.ours) as signalling, async_playwright() as playwright:
        secure = f"--unsafely-treat-insecure-origin-as-secure={signalling.url}"
        arguments = [*ARGUMENTS, secure]
        here: Browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        there: Browser = await playwright.chromium.launch(executable_path=wrapper, args=arguments)
        anna, bert = await opened(here, signalling.url), await opened(there, signalling.url)
        await anna.evaluate("publish('anna', 1280, 720, 'qhf')")
        await engine.switch("hall", [signalling.answers[0].resource])
        await bert.evaluate("view('bert', 'hall', 1)")
        viewer = signalling.answers[1].resource
        await becomes(engine, viewer, "f", 40)
        await asyncio.sleep(4)
        before = await heard(bert)
        await run(
            "tc",
            "qdisc",
            "add",
            "dev",
            namespace.link,
            "root",
            "tbf",
            "rate",
            NARROW,
            "burst",
            "8kb",
            "latency",
            "150ms",
        )
        await becomes(engine, viewer, "qh", 30)
        await asyncio.sleep(8)
        assert await layer(engine, viewer) in ("q", "h")
        after = await heard(bert)
        await run("tc", "qdisc", "del", "dev", namespace.link, "root")
        await becomes(engine, viewer, "f", 60)
        samples = after["totalSamplesReceived"] - before["totalSamplesReceived"]
        assert after["concealedSamples"] - before["concealedSamples"] < 0.1 * samples
        await here.close()
        await there.close()
