"""An encoder as people bring them: FFmpeg's ``whip`` muxer, sending a test picture and silence.

Run it in a process of its own (``python encoder.py URL SECONDS [TOKEN]``): the muxer keeps Python's lock while it
negotiates.
"""

from __future__ import annotations

import contextlib
import sys
import time
from fractions import Fraction
from typing import Any

import av

RATE = 25
SIZE = 320, 240


def picture(number: int) -> av.VideoFrame:
    """A plain picture whose brightness changes with `number`."""
    frame = av.VideoFrame(*SIZE, "yuv420p")
    for i, plane in enumerate(frame.planes):
        plane.update(bytes([(number * 3 + i * 40) % 256]) * plane.buffer_size)
    frame.pts, frame.time_base = number, Fraction(1, RATE)
    return frame


def silence(number: int) -> av.AudioFrame:
    """20 ms of nothing."""
    frame = av.AudioFrame("s16", "stereo", 960)
    frame.sample_rate, frame.pts, frame.time_base = 48000, number * 960, Fraction(1, 48000)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


class Stuck(Exception):
    """The muxer waits 0.1 s and more for the server before each packet that it sends."""


def send(url: str, seconds: float, token: str) -> None:
    """Publish to a WHIP endpoint for so long.

    About once in 25 starts on a busy machine FFmpeg's muxer leaves its socket blocking after the handshake and then
    sends a picture every few seconds; it is opened again then, as whoever stands at the encoder would, and also when a
    network that was taken away made it give up.
    """
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with contextlib.suppress(Stuck, OSError):
            _send(url, ends, token)
        time.sleep(0.5)


def _send(url: str, ends: float, token: str) -> None:
    output: Any = av.open(url, "w", format="whip", options={"authorization": token})
    options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
    video = output.add_stream("libx264", rate=RATE, options=options)
    video.width, video.height, video.pix_fmt, video.gop_size = *SIZE, "yuv420p", RATE
    audio = output.add_stream("libopus", rate=48000, options={"b": "48000"})
    audio.layout, audio.format = "stereo", "s16"
    began = time.monotonic()
    number, slow = 0, 0
    while time.monotonic() < ends:
        for packets in (video.encode(picture(number)), *(audio.encode(silence(2 * number + part)) for part in (0, 1))):
            asked = time.monotonic()
            output.mux(packets)
            slow = slow + 1 if packets and time.monotonic() - asked > 0.09 else 0
            if slow == 3:
                raise Stuck
        number += 1
        time.sleep(max(began + number / RATE - time.monotonic(), 0))
    output.close()


if __name__ == "__main__":
    av.logging.set_level(av.logging.WARNING)
    send(sys.argv[1], float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
