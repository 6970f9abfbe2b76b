"""What an engine tells of itself, made up: the shape of `MediaEngine.stats`."""

from __future__ import annotations

from typing import Any


def audio(**changes: Any) -> dict[str, Any]:
    """A stream of sound."""
    return {**_stream("audio", "", "opus", 40_000), "frames": 0, "fps": 0.0, "key_frame_age": None, **changes}


def video(rid: str = "", bitrate: int = 1_600_000, **changes: Any) -> dict[str, Any]:
    """One layer of a picture."""
    return {**_stream("video", rid, "VP8", bitrate), **changes}


def _stream(kind: str, rid: str, codec: str, bitrate: int) -> dict[str, Any]:
    return {
        "kind": kind, "rid": rid, "codec": codec, "packets": 5_000, "bytes": 4_000_000, "bitrate": bitrate,
        "frames": 1_500, "fps": 30.0, "lost": 12, "loss": 0.004, "recovered": 11, "jitter": 0.003, "key_frames": 7,
        "key_frame_age": 2.5, "key_frame_requests": 6, "muted": False,
    }  # fmt: skip


def feed(owner: str, *streams: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A publisher."""
    return {
        "owner": owner, "connected": True, "age": 60.0, "rtt": 0.032, "transport": "udp", "kind": "camera",
        "speaking": False, "level": 31.0, "remb": 2_500_000, "refused": 0, "silent_for": 0.4, "frozen_for": 0.0,
        "streams": list(streams), **changes,
    }  # fmt: skip


def viewer(room: str, *layers: str | None, **changes: Any) -> dict[str, Any]:
    """A viewer, with the layer that each of its video slots shows."""
    return {
        "owner": "p-secret", "connected": True, "age": 30.0, "rtt": 0.02, "transport": "udp", "room": room,
        "remb": 3_000_000, "budget": 3_000_000, "sent": 9_000, "retransmitted": 3, "lost": 2, "loss": 0.0,
        "layers": list(layers), **changes,
    }  # fmt: skip


def worker(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A media worker."""
    return {
        "worker": number, "port": 8081 + number, "packets_in": 10_000, "bytes_in": 9_000_000, "packets_out": 90_000,
        "dropped_out": 0, "strange": 4, "failures": 0, "cpu_seconds": 12.5, "memory_bytes": 60_000_000, "peers": 12,
        "rooms": 2, **changes,
    }  # fmt: skip
