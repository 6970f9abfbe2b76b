"""Credentials for coturn: those made here open it, others do not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aioice import stun, turn

from conference.web.turn import credentials
from tests.coturn import SECRET, coturn

ADDRESS = "127.0.0.1"


async def allocate(port: int, username: str, password: str, transport: str) -> str:
    """The address that the TURN server gives us to relay through."""
    allocation, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol, (ADDRESS, port), username, password, transport=transport
    )
    relayed = allocation.get_extra_info("sockname")
    allocation.close()
    await asyncio.sleep(0.1)
    return str(relayed[0])


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_what_we_hand_out_opens_it_and_nothing_else(transport: str) -> None:
    now = datetime.now(UTC)
    async with coturn(ADDRESS) as port:
        good = credentials(SECRET, now + timedelta(hours=12))
        assert await allocate(port, *good, transport) == ADDRESS
        later = str(int(good[0].split(":")[0]) + 1) + good[0][10:]
        refused = {
            "wrong secret": credentials("another secret", now + timedelta(hours=12)),
            "expired": credentials(SECRET, now - timedelta(seconds=10)),
            "prolonged by hand": (later, good[1]),
            "no password": (good[0], ""),
        }
        for username, password in refused.values():
            with pytest.raises(stun.TransactionFailed) as error:
                await allocate(port, username, password, transport)
            assert error.value.response.attributes["ERROR-CODE"][0] in (401, 438)
