"""``python -m conference.films.probe FILE`` prints ``{"duration", "video", "audio"}`` of a film."""

from __future__ import annotations

import json
import sys

import av


def look(path: str) -> dict[str, object]:
    """Length in milliseconds, and codecs of the first picture and the first sound ("" without).

    Raises:
        av.FFmpegError: what cannot be read.
    """
    with av.open(path, mode="r", format="webm" if _is_webm(path) else "mp4") as container:
        first = {kind: next((s for s in container.streams if s.type == kind), None) for kind in ("video", "audio")}
        codecs = {kind: s.codec_context.codec.canonical_name if s else "" for kind, s in first.items()}
        seconds = container.duration / av.time_base if container.duration else _last_time(container)
    return {"duration": round(seconds * 1000), **codecs}


def _last_time(container: av.container.InputContainer) -> float:
    """Seconds until the last packet ends: recordings of browsers do not say how long they are."""
    last = 0.0
    for packet in container.demux():
        if packet.pts is not None and packet.time_base is not None:
            last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return last


def _is_webm(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"\x1a\x45\xdf\xa3"


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1])))
