"""Chromium, publishing by WHIP and viewing by WHEP with five slots of each kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from conference.media.embedded import EmbeddedEngine
from tests.media.conftest import Heard
from tests.media.signalling import Signalling

PAGE = Path(__file__).with_name("page.html").read_text()
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-background-networking",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A headless browser with a fake camera."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def opened(browser: Browser, url: str) -> Page:
    """A page that is ready to publish or view."""
    page = await browser.new_page()
    await page.goto(url)
    return page


async def until(page: Page, expression: str, wanted: Any, seconds: float = 30) -> None:
    """Wait until the value of an expression in the page satisfies `wanted`."""
    async with asyncio.timeout(seconds):
        while not wanted(await page.evaluate(expression)):
            await asyncio.sleep(0.2)


def decoded(entries: list[dict[str, Any]]) -> int:
    return sum(entry.get("framesDecoded", 0) for entry in entries)


def target(entries: list[dict[str, Any]]) -> float:
    return max(entry.get("targetBitrate", 0) for entry in entries if entry["kind"] == "video")


async def test_two_pages_see_each_other(engine: EmbeddedEngine, heard: Heard, chromium: Browser) -> None:
    async with Signalling(engine, PAGE) as signalling:
        anna, bert = await opened(chromium, signalling.url), await opened(chromium, signalling.url)
        await anna.evaluate("publish('anna', 640, 480)")
        feed = signalling.answers[0].resource
        await engine.switch("hall", [None, feed])
        await bert.evaluate("view('bert', 'hall', 5)")
        inbound, outbound = "rtpStats('viewer', 'inbound-rtp')", "rtpStats('publisher', 'outbound-rtp')"
        await until(bert, inbound, lambda entries: decoded(entries) > 10)
        await until(anna, outbound, lambda entries: target(entries) > 1_000_000)
        before = decoded(await bert.evaluate(inbound))
        await bert.evaluate("restartIce('viewer')")
        await anna.evaluate("restartIce('publisher')")
        await until(bert, inbound, lambda entries: decoded(entries) > before + 20)
        await engine.switch("hall", [feed])
        await until(
            bert,
            inbound,
            lambda entries: len([e for e in entries if e["kind"] == "video" and e["framesDecoded"]]) == 2,
        )
        assert [e.resource for e in heard.events if e.kind == "closed"] == []
        await anna.evaluate("publisher.close()")
        await heard.wait("closed", feed)
