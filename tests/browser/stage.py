"""A live session with the production's programme on stage, sent by FFmpeg."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator

from tests.media import encoder as ffmpeg
from tests.server import Server

MODERATOR, PRODUCTION = "oliver.lilie@example.org", "regie@example.org"
SESSION = "live-1"
SECONDS = 180
"""The longest that a story needs the encoder."""


@contextlib.asynccontextmanager
async def programme(server: Server) -> AsyncIterator[asyncio.subprocess.Process]:
    """The session is live, and an encoder feeds its stage."""
    await server.command_as(MODERATOR, "session.move", session=SESSION, to="live")
    async with encoder(server) as process:
        yield process


@contextlib.asynccontextmanager
async def encoder(server: Server, query: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """An encoder that sends to the programme's address, or to that with a query."""
    token = (await server.link(PRODUCTION, SESSION)).rsplit("/", 1)[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, ffmpeg.__file__, f"{server.url}/whip/{SESSION}{query}", str(SECONDS), token
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
        await process.wait()
