"""FFmpeg's own WHIP muxer publishes H.264; a viewer decodes it, one who has only VP8 gets the sound."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conference.media.embedded import EmbeddedEngine
from tests.media.clients import Viewer
from tests.media.conftest import Heard
from tests.media.signalling import Signalling
from tests.media.stage import screen

ENCODER = Path(__file__).with_name("encoder.py")


@pytest.fixture
async def encoder(engine: EmbeddedEngine, heard: Heard) -> AsyncIterator[str]:
    """The feed of a running encoder."""
    async with Signalling(engine) as signalling:
        command = [sys.executable, str(ENCODER), f"{signalling.url}/whip/encoder", "60", "secret"]
        process = await asyncio.create_subprocess_exec(*command)
        connected = await heard.wait("connected", seconds=30)
        assert signalling.tokens == ["Bearer secret"]
        yield connected.resource
        process.kill()
        await process.wait()


async def test_what_ffmpeg_sends_is_watched(engine: EmbeddedEngine, encoder: str) -> None:
    await engine.switch("hall", [encoder])
    bert = Viewer()
    await bert.view(engine, "bert", "hall")
    async with asyncio.timeout(20):
        while min(bert.frames.values()) < 25:
            await asyncio.sleep(0.05)
    streams = {s["kind"]: s for s in (await engine.stats())["feeds"][encoder]["streams"]}
    assert {kind: stream["codec"] for kind, stream in streams.items()} == {"video": "H264", "audio": "opus"}
    assert streams["video"]["key_frames"] >= 1
    vp8_only = await screen(engine, "carla")
    await vp8_only.expect(vp8_only.audio[0], 10)
    assert vp8_only.got(vp8_only.video[0]) == []
    await bert.close()
