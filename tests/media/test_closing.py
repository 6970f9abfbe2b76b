"""Whoever leaves takes nobody along: a viewer that is being closed is not fed any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conference.media.engine import Answer
from conference.media.exchange import Exchange
from conference.media.tcp import sockets
from conference.media.viewer import Viewer
from conference.media.waits import HALF_OPEN, SILENT
from tests.media.stage import camera, screen


class Local:
    """An exchange in this very process, spoken to as an engine is."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def publish(self, offer: str, *, owner: str, kind: Any, room: str = "") -> Answer:
        return self.exchange.publish(offer, owner, kind, room)

    async def view(self, offer: str, *, owner: str, room: str) -> Answer:
        return self.exchange.view(offer, owner, room)


@pytest.fixture
async def local() -> AsyncIterator[Local]:
    udp, tcp = sockets("127.0.0.1", 0)
    tcp.close()
    exchange = Exchange(udp, ["127.0.0.1"], lambda *_told: None, HALF_OPEN, SILENT)
    loop = asyncio.get_running_loop()
    loop.add_reader(udp.socket.fileno(), exchange.readable)
    yield Local(exchange)
    loop.remove_reader(udp.socket.fileno())
    await exchange.end()
    udp.socket.close()


async def test_a_viewer_that_is_being_closed_holds_up_nobody(local: Any) -> None:
    exchange = local.exchange
    anna, bert, carla = await camera(local), await screen(local), await screen(local, "carla")
    exchange.switch("hall", [anna.feed])
    anna.frame(key=True)
    await bert.expect(bert.video[0], 1)
    await carla.expect(carla.video[0], 1)
    leaving = exchange.peers[bert.resource]
    assert isinstance(leaving, Viewer)
    exchange.close(bert.resource)
    for _ in range(20):  # its line is looked at again and again while it says good-bye
        await asyncio.sleep(0)
        leaving.refresh()
    before = len(carla.got(carla.video[0]))
    for _ in range(3):
        anna.frame(key=True)
    await carla.expect(carla.video[0], before + 3)
    assert exchange.failures == 0
    assert leaving not in exchange.rooms["hall"].viewers
    assert [track for slot in exchange.rooms["hall"].slots["video"] for track in slot.tracks] == [
        track for peer in exchange.peers.values() if isinstance(peer, Viewer) for track in peer.tracks[:1]
    ]
