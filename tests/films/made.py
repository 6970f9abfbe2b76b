"""Small films, made here: nobody's work lies in the repository."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE, SOUND = 10, 48_000
CODECS = {"webm": ("libvpx", "libopus"), "mp4": ("libx264", "aac")}


def make_film(path: Path, seconds: int) -> Path:
    """Write a film whose grey rises, with a tone, in the format of the path's ending."""
    kind = path.suffix[1:]
    picture, sound = CODECS[kind]
    with av.open(str(path), "w", format=kind) as container:
        video = container.add_stream(picture, rate=RATE)
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        audio = container.add_stream(sound, rate=SOUND, layout="mono")
        for number in range(seconds * RATE):
            grey = np.full((90, 160, 3), number * 255 // (seconds * RATE), np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(video.encode(frame))
        for number in range(seconds * 50):
            wave = np.sin((np.arange(960) + number * 960) * 2 * np.pi * 440 / SOUND)
            tone = av.AudioFrame.from_ndarray((wave * 8000).astype(np.int16)[None], format="s16", layout="mono")
            tone.sample_rate, tone.pts, tone.time_base = SOUND, number * 960, Fraction(1, SOUND)
            container.mux(audio.encode(tone))
        for stream in (video, audio):
            container.mux(stream.encode())
    return path


SUBTITLES = "WEBVTT\n\n00:00.000 --> 00:10.000\nFachkräfte bleiben.\n"
