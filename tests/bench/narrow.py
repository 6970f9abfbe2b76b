"""A viewer's line becomes narrow and wide again: how long until it gets a smaller picture, and the large one after.

Chromium publishes three layers; Chromium in a namespace watches. On our end of the line a token bucket lets 500 kbit/s
through for a while. What counts is the picture that the viewer decodes, by its own statistics; the sound must go on.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import pairwise
from typing import Any

from tests.bench import figures as table_of
from tests.bench.figures import Figure
from tests.bench.loss import PAGE, Line, concealed, line
from tests.netns import run as command

TITLE = "A line that becomes narrow"
RATE, BURST, QUEUE = "500kbit", "16kb", "300ms"
WIDTH, HEIGHT = 1280, 720
PATIENCE, SETTLING_SECONDS, NARROW_SECONDS = 40.0, 5.0, 15.0
SAMPLE_SECONDS = 0.25
DOWN_MARK, UP_MARK, SOUND_MARK = 5.0, 15.0, 1.0
"""Seconds; for the sound the longest time without a packet."""
LAYERED = """
/** Publish the camera in three layers, and the microphone. */
async function publishLayers(owner, width, height) {
  const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: {width, height}});
  const pc = window.publisher = new RTCPeerConnection();
  const [camera] = stream.getVideoTracks(), [microphone] = stream.getAudioTracks();
  const layer = (rid, scaleResolutionDownBy, maxBitrate) => ({rid, scaleResolutionDownBy, maxBitrate});
  const sendEncodings = [layer("q", 4, 150_000), layer("h", 2, 500_000), layer("f", 1, 1_800_000)];
  pc.addTransceiver(camera, {direction: "sendonly", streams: [stream], sendEncodings});
  pc.addTransceiver(microphone, {direction: "sendonly", streams: [stream]});
  await negotiate(pc, `/whip/${owner}`);
}
</script>
"""


class Watch:
    """What the viewer has, looked at four times a second.

    Attributes:
        samples: ``{"at", "height", "frames", "sound", "layer", "budget"}`` of each look.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self.samples: list[dict[str, Any]] = []

    async def look(self) -> dict[str, Any]:
        """Once."""
        received = await self._line.received()
        seen = (await self._line.engine.stats())["viewers"][self._line.resource]
        self.samples.append(
            {
                "at": time.perf_counter(),
                "height": received["video"].get("frameHeight", 0),
                "frames": received["video"]["framesDecoded"],
                "sound": received["audio"]["packetsReceived"],
                "bytes": received["video"]["bytesReceived"],
                "layer": seen["layers"][0],
                "budget": seen["budget"],
            }
        )
        return self.samples[-1]

    async def until(self, height: int, larger: bool, seconds: float) -> float | None:
        """Seconds until a picture of at least (or of less than) this height is decoded; None: not in time."""
        began = time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds:
            sample = await self.look()
            if sample["height"] and (sample["height"] >= height) == larger:
                return passed
            await asyncio.sleep(SAMPLE_SECONDS)
        return None

    async def go_on(self, seconds: float) -> None:
        """Look for so long."""
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            await self.look()
            await asyncio.sleep(SAMPLE_SECONDS)

    def silence(self) -> float:
        """The longest time in which no packet of sound came, as far as looking tells."""
        heard = [after["at"] for before, after in pairwise(self.samples) if after["sound"] > before["sound"]]
        times = [self.samples[0]["at"], *heard, self.samples[-1]["at"]]
        return float(max(after - before for before, after in pairwise(times)))


async def run() -> dict[str, Any]:
    """Narrow, and wide again."""
    page = PAGE.replace("</script>", LAYERED)
    async with line(page, f"publishLayers('anna', {WIDTH}, {HEIGHT})") as found:
        watch = Watch(found)
        if await watch.until(HEIGHT, larger=True, seconds=PATIENCE) is None:
            raise RuntimeError(f"the viewer never got the large picture: {watch.samples[-1]}")
        await watch.go_on(SETTLING_SECONDS)
        wide = rate(watch.samples)
        watch.samples = watch.samples[-1:]
        before = (await found.received())["audio"]
        qdisc = ["dev", found.away.link, "root"]
        await command("tc", "qdisc", "add", *qdisc, "tbf", "rate", RATE, "burst", BURST, "latency", QUEUE)
        began = time.perf_counter()
        down = await watch.until(HEIGHT, larger=False, seconds=PATIENCE)
        await watch.go_on(max(NARROW_SECONDS - (time.perf_counter() - began), 0))
        narrow = rate(watch.samples[-20:])
        await command("tc", "qdisc", "del", *qdisc)
        up = await watch.until(HEIGHT, larger=True, seconds=PATIENCE)
        after = (await found.received())["audio"]
        feeds = (await found.engine.stats())["feeds"].values()
    return {
        "down": down,
        "up": up,
        "silence": watch.silence(),
        "concealed": concealed(before, after),
        "wide_bitrate": wide,
        "narrow_bitrate": narrow,
        "heights": [sample["height"] for sample in watch.samples],
        "layers": [sample["layer"] for sample in watch.samples],
        "budgets": [sample["budget"] for sample in watch.samples],
        "sent": {stream["rid"]: stream["bitrate"] for feed in feeds for stream in feed["streams"]},
    }


def rate(samples: list[dict[str, Any]]) -> float:
    """Bits of pictures per second that came."""
    first, last = samples[0], samples[-1]
    return float((last["bytes"] - first["bytes"]) * 8 / max(last["at"] - first["at"], SAMPLE_SECONDS))


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    return "\n".join(
        [
            f"wide: {result['wide_bitrate'] / 1000:.0f} kbit/s of pictures, "
            f"narrow: {result['narrow_bitrate'] / 1000:.0f}; layers as they came in the end: {result['sent']}",
            "heights decoded: " + changes(result["heights"]),
            "layers chosen: " + changes(result["layers"]),
            f"longest time without a packet of sound {result['silence']:.2f} s, made up {result['concealed']:.1%}",
        ]
    )


def changes(values: list[Any]) -> str:
    """A list with how often each value stood there in a row."""
    found: list[list[Any]] = []
    for value in values:
        if not found or found[-1][0] != value:
            found.append([value, 0])
        found[-1][1] += 1
    return " ".join(f"{value}×{count}" for value, count in found)


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    how = f"`tc … tbf rate {RATE}` on our end, Chromium in a namespace, by the height of the frames that it decodes"
    rows = [
        ("smaller picture after", result["down"], DOWN_MARK, how),
        ("large picture again after it is lifted", result["up"], UP_MARK, f"narrow for {NARROW_SECONDS:.0f} s"),
        ("longest time without sound meanwhile", result["silence"], SOUND_MARK, f"made up {result['concealed']:.1%}"),
    ]
    return [
        Figure(
            f"line cut to 500 kbit/s: {what}",
            f"≤ {mark:.0f} s",
            f"{took:.1f} s" if took is not None else "never",
            took is not None and took <= mark,
            how,
        )
        for what, took, mark, how in rows
    ]


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
