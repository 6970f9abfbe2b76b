"""Writes the offers of Chromium, Firefox, FFmpeg and aiortc into this folder: ``python -m tests.media.offers.collect``.

That of OBS Studio is written by hand, as libdatachannel writes it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import web
from aiortc import AudioStreamTrack, RTCConfiguration, RTCPeerConnection, VideoStreamTrack
from playwright.async_api import async_playwright

from tests.firefox import Firefox
from tests.media.offers import FOLDER
from tests.media.test_chromium import ARGUMENTS, CHROMIUM
from tests.netns import Namespace

PAGE = """<!doctype html><script>
async function offer(kind) {
  const pc = new RTCPeerConnection();
  if (kind === "viewer") {
    for (const [media, count] of [["video", 9], ["audio", 3]]) {
      for (let i = 0; i < count; i++) pc.addTransceiver(media, {direction: "recvonly"});
    }
  } else {
    const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 1280, height: 720}});
    for (const track of stream.getTracks()) {
      const layers = [{rid: "q", scaleResolutionDownBy: 4}, {rid: "h", scaleResolutionDownBy: 2}, {rid: "f"}];
      const sendEncodings = kind === "simulcast" && track.kind === "video" ? layers : [{}];
      pc.addTransceiver(track, {direction: "sendonly", streams: [stream], sendEncodings});
    }
  }
  const gathered = new Promise((resolve) => {
    pc.onicecandidate = (event) => { if (!event.candidate) resolve(); };
    setTimeout(resolve, 3000);
  });
  await pc.setLocalDescription();
  await gathered;
  const sdp = pc.localDescription.sdp;
  pc.close();
  return sdp;
}
</script>"""
KINDS = ("simulcast", "camera", "viewer")


def keep(name: str, sdp: str) -> None:
    """Write one file."""
    (FOLDER / f"{name}.sdp").write_bytes(sdp.encode())
    print(name, len(sdp))


async def chromium(url: str) -> None:
    """Three offers of Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page()
        await page.goto(url)
        for kind in KINDS:
            keep(f"chromium-{kind}", await page.evaluate(f"offer('{kind}')"))
        await browser.close()


async def firefox(namespace: Namespace, url: str) -> None:
    """Three offers of Firefox."""
    with tempfile.TemporaryDirectory() as profile:
        async with Firefox(namespace, Path(profile)) as browser:
            tab = await browser.open(url)
            for kind in KINDS:
                keep(f"firefox-{kind}", await tab.evaluate(f"offer('{kind}')"))


async def aiortc(kind: str) -> None:
    """An offer of aiortc."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    if kind == "viewer":
        pc.addTransceiver("video", direction="recvonly")
        pc.addTransceiver("audio", direction="recvonly")
    else:
        pc.addTrack(VideoStreamTrack())
        pc.addTrack(AudioStreamTrack())
    await pc.setLocalDescription(await pc.createOffer())
    keep(f"aiortc-{kind}", pc.localDescription.sdp)
    await pc.close()


async def ffmpeg(url: str) -> None:
    """FFmpeg posts its offer to `whip`, and gives up when it is refused."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "tests/media/encoder.py", f"{url}/whip", "1", "token", stderr=asyncio.subprocess.DEVNULL
    )
    await asyncio.wait_for(process.wait(), 30)


async def main() -> None:
    """Collect them all."""

    async def index(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def whip(request: web.Request) -> web.Response:
        keep("ffmpeg-programme", await request.text())
        return web.Response(status=400)

    app: Any = web.Application()
    app.add_routes([web.get("/", index), web.post("/whip", whip)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    async with Namespace() as namespace:
        await web.TCPSite(runner, "0.0.0.0", 0).start()
        port = runner.addresses[0][1]
        await ffmpeg(f"http://127.0.0.1:{port}")
        for kind in ("camera", "viewer"):
            await aiortc(kind)
        await chromium(f"http://127.0.0.1:{port}/")
        await firefox(namespace, f"http://{namespace.ours}:{port}/")
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
