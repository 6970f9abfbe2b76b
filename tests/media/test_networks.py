"""Chromium behind networks that shut something out: UDP, IPv4, the server itself; and a server behind NAT."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aioice import stun, turn
from playwright.async_api import Browser, Page, async_playwright

from conference.media.addresses import wildcard
from conference.media.embedded import EmbeddedEngine
from conference.web.turn import credentials, ice_servers
from tests.coturn import SECRET, coturn
from tests.media.signalling import Signalling
from tests.media.test_chromium import ARGUMENTS, CHROMIUM, PAGE, decoded, opened, until
from tests.netns import Namespace, run

INBOUND = "rtpStats('viewer', 'inbound-rtp')"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.networks,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
async def away() -> AsyncIterator[Namespace]:
    """A machine of its own for the browser."""
    async with Namespace() as away:
        yield away


@contextlib.asynccontextmanager
async def serving(*addresses: str) -> AsyncIterator[EmbeddedEngine]:
    """An engine that offers these addresses."""
    engine = EmbeddedEngine(wildcard(), 0, list(addresses))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


@contextlib.asynccontextmanager
async def chromium(away: Namespace, url: str, directory: Path) -> AsyncIterator[Browser]:
    """A browser in there; it may use its fake camera although the page comes by plain HTTP."""
    secure = f"--unsafely-treat-insecure-origin-as-secure={url}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=away.wrapper(str(CHROMIUM), directory), args=[*ARGUMENTS, secure]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def both_ways(engine: EmbeddedEngine, signalling: Signalling, page: Page) -> tuple[dict[str, Any], str, str]:
    """Publish and view in one page, until pictures are there; how the viewer is connected, and both resources."""
    await page.evaluate("publish('anna', 640, 480)")
    feed = signalling.answers[-1].resource
    await engine.switch("hall", [feed])
    await page.evaluate("view('bert', 'hall', 1)")
    viewer = signalling.answers[-1].resource
    await until(page, INBOUND, lambda entries: decoded(entries) > 20)
    return await page.evaluate("way('viewer')"), feed, viewer


async def transports(engine: EmbeddedEngine, feed: str, viewer: str) -> tuple[str, str]:
    """How feed and viewer are connected, in the server's eyes."""
    stats = await engine.stats()
    return stats["feeds"][feed]["transport"], stats["viewers"][viewer]["transport"]


async def settles(engine: EmbeddedEngine, feed: str, viewer: str, wanted: str) -> None:
    """Wait until both go this way."""
    async with asyncio.timeout(30):
        while await transports(engine, feed, viewer) != (wanted, wanted):
            await asyncio.sleep(0.1)


async def test_no_udp(away: Namespace, tmp_path: Path) -> None:
    await away.drop("meta l4proto udp")
    async with (
        serving(away.ours) as engine,
        Signalling(engine, PAGE, away.ours) as signalling,
        chromium(away, signalling.url, tmp_path) as browser,
    ):
        page = await opened(browser, signalling.url)
        way, feed, viewer = await both_ways(engine, signalling, page)
        assert (way["protocol"], way["port"]) == ("tcp", engine.port)
        assert await transports(engine, feed, viewer) == ("tcp", "tcp")


async def moved(engine: EmbeddedEngine, page: Page, feed: str, viewer: str, wanted: str) -> None:
    """Restart ICE on both connections; wait until they go this way and new pictures are there."""
    for name in ("publisher", "viewer"):
        await page.evaluate(f"restartIce('{name}')")
    await settles(engine, feed, viewer, wanted)
    shown = decoded(await page.evaluate(INBOUND))
    await until(page, INBOUND, lambda entries: decoded(entries) > shown + 20)


async def test_udp_is_shut_under_way_and_comes_back(away: Namespace, tmp_path: Path) -> None:
    """The same session goes on by TCP when UDP ends, and by UDP again when it is back."""
    async with (
        serving(away.ours) as engine,
        Signalling(engine, PAGE, away.ours) as signalling,
        chromium(away, signalling.url, tmp_path) as browser,
    ):
        page = await opened(browser, signalling.url)
        _, feed, viewer = await both_ways(engine, signalling, page)
        await settles(engine, feed, viewer, "udp")
        ssrcs = {entry["ssrc"] for entry in await page.evaluate(INBOUND)}
        await away.drop("meta l4proto udp")
        await moved(engine, page, feed, viewer, "tcp")
        await away.drop()
        await moved(engine, page, feed, viewer, "udp")
        assert {entry["ssrc"] for entry in await page.evaluate(INBOUND)} == ssrcs
        assert len(signalling.answers) == 2


async def test_ipv6_alone(away: Namespace, tmp_path: Path) -> None:
    await away.drop("meta protocol ip", "meta protocol arp")
    async with (
        serving(away.ours, away.ours6) as engine,
        Signalling(engine, PAGE, away.ours6) as signalling,
        chromium(away, signalling.url, tmp_path) as browser,
    ):
        page = await opened(browser, signalling.url)
        way, feed, viewer = await both_ways(engine, signalling, page)
        assert (way["remote"].strip("[]"), way["protocol"]) == (away.ours6, "udp")
        await away.drop("meta protocol ip", "meta l4proto udp")
        await moved(engine, page, feed, viewer, "tcp")


@pytest.mark.parametrize("way", ["udp", "tcp"])
async def test_the_public_address_is_not_the_servers_own(away: Namespace, tmp_path: Path, way: str) -> None:
    """Only the public address is offered; a NAT between brings what goes there to the server."""
    public = "203.0.113.9"
    nat = f"type nat hook output priority -100; ip daddr {public} dnat to {away.ours};"
    await away.run("nft", f"table ip public {{ chain output {{ {nat} }}; }}")
    await away.drop("meta l4proto udp" if way == "tcp" else "udp dport 53")
    async with (
        serving(public) as engine,
        Signalling(engine, PAGE, away.ours) as signalling,
        chromium(away, signalling.url, tmp_path) as browser,
    ):
        page = await opened(browser, signalling.url)
        shown, feed, viewer = await both_ways(engine, signalling, page)
        assert (shown["remote"], shown["protocol"]) == (public, way)
        assert await transports(engine, feed, viewer) == (way, way)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_the_relay_alone_leads_to_the_server(away: Namespace, tmp_path: Path, transport: str) -> None:
    async with (
        serving(away.ours) as engine,
        coturn(away.ours) as port,
        Signalling(engine, PAGE, away.ours) as signalling,
        chromium(away, signalling.url, tmp_path) as browser,
    ):
        closed = [f"tcp dport {engine.port}", f"udp dport {engine.port}"]
        await away.drop(*closed, *(["meta l4proto udp"] if transport == "tcp" else []))
        page = await opened(browser, signalling.url)
        url = f"turn:{away.ours}:{port}?transport={transport}"
        expired = ice_servers([url], SECRET, datetime.now(UTC) - timedelta(hours=13))
        await page.evaluate(f"(iceServers = {json.dumps(expired)}, view('bert', 'hall', 1))")
        await until(page, "viewer.iceConnectionState", lambda state: state in ("failed", "disconnected"))
        await page.evaluate(f"iceServers = {json.dumps(ice_servers([url], SECRET, datetime.now(UTC)))}")
        way, feed, viewer = await both_ways(engine, signalling, page)
        assert (way["type"], way["relay"]) == ("relay", transport)
        assert await transports(engine, feed, viewer) == ("udp", "udp")


async def test_the_relay_leads_nowhere_else(away: Namespace) -> None:
    """Set up as the guide says, it takes nothing to any address but the server's."""
    elsewhere = "198.51.100.1"
    await run("ip", "addr", "add", f"{elsewhere}/30", "dev", away.link)
    secret = credentials(SECRET, datetime.now(UTC) + timedelta(hours=1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("0.0.0.0", 0))
        server.settimeout(5)
        port = server.getsockname()[1]
        async with coturn(away.ours) as turn_port:
            relay, _ = await turn.create_turn_endpoint(asyncio.DatagramProtocol, (away.ours, turn_port), *secret)
            allocation = relay._TurnTransport__inner_protocol
            with pytest.raises(stun.TransactionFailed) as refused:
                await allocation.send_data(b"to somebody else", (elsewhere, port))
            assert refused.value.response.attributes["ERROR-CODE"][0] == 403
            await allocation.send_data(b"to the server", (away.ours, port))
            assert await asyncio.to_thread(server.recv, 100) == b"to the server"
            relay.close()
            await asyncio.sleep(0.1)


async def test_another_address(away: Namespace, tmp_path: Path) -> None:
    """A machine that comes into another network keeps its session, its streams, and their order."""
    async with (
        serving(away.ours) as engine,
        Signalling(engine, PAGE, away.ours) as signalling,
        chromium(away, signalling.url, tmp_path) as browser,
    ):
        page = await opened(browser, signalling.url)
        _, feed, viewer = await both_ways(engine, signalling, page)
        ssrcs = {entry["ssrc"] for entry in await page.evaluate(INBOUND)}
        await run("ip", "addr", "add", "198.51.100.1/30", "dev", away.link)
        await away.run("ip", "addr", "del", f"{away.theirs}/30", "dev", away.inner)
        await away.run("ip", "addr", "add", "198.51.100.2/30", "dev", away.inner)
        await away.run("ip", "route", "add", "default", "via", "198.51.100.1")
        await moved(engine, page, feed, viewer, "udp")
        assert {entry["ssrc"] for entry in await page.evaluate(INBOUND)} == ssrcs
        assert len(signalling.answers) == 2
