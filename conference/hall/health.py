"""How a session's picture and sound are doing, for its crew: feeds by name, viewers as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

Feed = tuple[str, str, str]
"""Session, person, source."""

LOSSY = 0.02
"""Share of lost packets above which a viewer is counted as one who loses."""
_OF_FEED = ("connected", "age", "rtt", "transport", "level", "silent_for", "frozen_for", "remb")
_OF_STREAM = (
    "kind", "rid", "codec", "bitrate", "fps", "loss", "lost", "recovered", "jitter", "key_frame_age", "muted",
)  # fmt: skip
_OF_WORKER = ("worker", "memory_bytes", "peers", "rooms")
_RATES = {"packets_in": "packets_in", "packets_out": "packets_out", "dropped_out": "dropped", "cpu_seconds": "cpu"}
_BEST_FIRST = ("f", "", "h", "q")


def feeds_health(stats: Mapping[str, Any], session: str, feeds: Mapping[str, Feed]) -> list[dict[str, Any]]:
    """What arrives from each feed of a session; its `bitrate` (bit/s) is that of all its streams.

    Args:
        feeds: whose feed each resource of the engine is.
    """
    told = stats.get("feeds", {})
    return [
        {"feed": _name(feed), **_feed_health(told[resource])}
        for resource, feed in sorted(feeds.items(), key=lambda item: item[1])
        if feed[0] == session and resource in told
    ]


def _feed_health(told: Mapping[str, Any]) -> dict[str, Any]:
    streams = [{name: stream.get(name) for name in _OF_STREAM} for stream in told.get("streams", [])]
    bitrate = sum(stream["bitrate"] or 0 for stream in streams)
    return {**{name: told.get(name) for name in _OF_FEED}, "bitrate": bitrate, "streams": streams}


def viewers_health(stats: Mapping[str, Any], session: str, slots: Sequence[Feed | None]) -> dict[str, Any]:
    """How the viewers of a session's stage are served, in numbers alone.

    Returns:
        `watching`: how many; `crew`: how many watch backstage; `lossy`: how many of the former lose more than `LOSSY`;
        `tcp`: how many do not come by UDP; `rtt`: their median in seconds; `best`: how many receive which layer at
        best (``none``: no picture); `layers`: for each feed on stage how many receive which of its layers.
    """
    told = [viewer for viewer in stats.get("viewers", {}).values() if viewer.get("connected")]
    stage = [viewer for viewer in told if viewer.get("room") == f"stage/{session}"]
    trips = [viewer["rtt"] for viewer in stage if viewer.get("rtt") is not None]
    return {
        "watching": len(stage),
        "crew": sum(viewer.get("room") == f"backstage/{session}" for viewer in told),
        "lossy": sum((viewer.get("loss") or 0) > LOSSY for viewer in stage),
        "tcp": sum(viewer.get("transport") == "tcp" for viewer in stage),
        "rtt": median(trips) if trips else None,
        "best": Counter(_best(viewer.get("layers", [])) for viewer in stage),
        "layers": {
            _name(feed): Counter(layer for viewer in stage if (layer := _layer(viewer, slot)) is not None)
            for slot, feed in enumerate(slots)
            if feed is not None
        },
    }


def _best(layers: Sequence[str | None]) -> str:
    return next((layer for layer in _BEST_FIRST if layer in layers), "none")


def _layer(viewer: Mapping[str, Any], slot: int) -> str | None:
    layers: Sequence[str | None] = viewer.get("layers", [])
    return layers[slot] if slot < len(layers) else None


class WorkerRates:
    """Turns the workers' counters into rates: what happened between two looks."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[float, dict[str, float]]] = {}

    def look(self, stats: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
        """The workers now; packets and CPU seconds per second, None at the first look and after a new start."""
        found = []
        before, self._before = self._before, {}
        for number, told in enumerate(stats.get("workers", [])):
            worker = told.get("worker", number)
            counted = {name: told[name] for name in _RATES if name in told}
            at, earlier = before.get(worker, (now, {}))
            self._before[worker] = now, counted
            rates = {shown: _rate(counted.get(name), earlier.get(name), now - at) for name, shown in _RATES.items()}
            found.append({**{name: told.get(name) for name in _OF_WORKER}, "worker": worker, **rates})
        return found


def _rate(count: float | None, before: float | None, seconds: float) -> float | None:
    if count is None or before is None or count < before or seconds <= 0:
        return None
    return round((count - before) / seconds, 3)


def _name(feed: Feed) -> str:
    return f"{feed[1]}/{feed[2]}"
