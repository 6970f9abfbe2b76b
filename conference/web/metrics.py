"""What `/metrics` says, in Prometheus' terms: base units, counters that only rise, no names and no viewer singly.

A feed is known by its session, a number and its source; numbers stand for people as long as the server runs.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from conference.hall.health import LOSSY

QUANTILES = (0.5, 0.9, 0.99, 1.0)
"""Of what is told of viewers; the last is the worst of them."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Figure:
    """One counter of `MediaEngine.stats` and what it is called here. Names that end in ``_total`` are counters."""

    key: str
    name: str
    help: str
    factor: float = 1.0

    def family(self, labels: Sequence[str]) -> Metric:
        """The metric without samples."""
        kind = CounterMetricFamily if self.name.endswith("_total") else GaugeMetricFamily
        return kind(self.name, self.help, labels=labels)


WORKER = (
    Figure("packets_in", "conference_worker_received_packets_total", "Datagrams received by a media worker."),
    Figure("bytes_in", "conference_worker_received_bytes_total", "Bytes received by a media worker."),
    Figure("packets_out", "conference_worker_sent_packets_total", "Datagrams sent by a media worker."),
    Figure("dropped_out", "conference_worker_dropped_packets_total", "Datagrams that the system did not take."),
    Figure("dropped_in", "conference_worker_filtered_packets_total", "Datagrams dropped before they were read."),
    Figure("shielded", "conference_worker_shielded", "Whether strangers, who flood the port, are shut out (1)."),
    Figure("strange", "conference_worker_strange_packets_total", "Datagrams from nobody known or of no known kind."),
    Figure("failures", "conference_worker_failures_total", "Errors while a datagram was handled."),
    Figure("relayed_in", "conference_worker_relayed_in_packets_total", "Packets taken over from other media workers."),
    Figure("relayed_out", "conference_worker_relayed_out_packets_total", "Packets handed on to other media workers."),
    Figure("relay_dropped", "conference_worker_relay_dropped_packets_total", "Packets not handed on in time."),
    Figure("cpu_seconds", "conference_worker_cpu_seconds_total", "CPU time used by a media worker."),
    Figure("memory_bytes", "conference_worker_resident_memory_bytes", "Memory of a media worker."),
    Figure("peers", "conference_worker_peers", "Publishers and viewers of a media worker."),
    Figure("rooms", "conference_worker_rooms", "Rooms of a media worker."),
)
FEED = (
    Figure("connected", "conference_feed_connected", "Whether the feed's connection stands (1) or is being made (0)."),
    Figure("age", "conference_feed_age_seconds", "Since the feed was opened."),
    Figure("rtt", "conference_feed_round_trip_seconds", "Round trip to the publisher."),
    Figure("level", "conference_feed_audio_level_dbov", "Smoothed sound level, 0 is the loudest (RFC 6464).", -1),
    Figure("silent_for", "conference_feed_silent_seconds", "Since the last sound above -60 dBov."),
    Figure("frozen_for", "conference_feed_frozen_seconds", "Since the last frame of the picture."),
    Figure("remb", "conference_feed_allowed_bytes_per_second", "What the publisher is told it may send (REMB).", 1 / 8),
    Figure("refused", "conference_feed_refused_packets_total", "Packets outside of what was agreed."),
)
STREAM = (
    Figure("packets", "conference_feed_packets_total", "RTP packets received of a layer."),
    Figure("bytes", "conference_feed_bytes_total", "Bytes received of a layer."),
    Figure("bitrate", "conference_feed_bytes_per_second", "What arrives of a layer now.", 1 / 8),
    Figure("frames", "conference_feed_frames_total", "Frames received of a layer."),
    Figure("fps", "conference_feed_frames_per_second", "Frames of a layer that arrive now."),
    Figure(
        "lost", "conference_feed_lost_packets", "RTP packets lost of a layer so far; late ones are taken off again."
    ),
    Figure("loss", "conference_feed_loss_ratio", "Share of a layer's packets lost lately, 0 to 1."),
    Figure("recovered", "conference_feed_recovered_packets_total", "Packets of a layer that were sent again."),
    Figure("jitter", "conference_feed_jitter_seconds", "Interarrival jitter of a layer (RFC 3550 section 6.4.1)."),
    Figure("key_frames", "conference_feed_key_frames_total", "Key frames received of a layer."),
    Figure("key_frame_age", "conference_feed_key_frame_age_seconds", "Since the last key frame of a layer."),
    Figure("key_frame_requests", "conference_feed_key_frame_requests_total", "Key frames asked of the publisher."),
    Figure("muted", "conference_feed_muted", "Whether a layer is received and not forwarded."),
)
VIEWERS = (
    Figure("loss", "conference_viewers_loss_ratio", "Share of packets that viewers lose, by quantile."),
    Figure("rtt", "conference_viewers_round_trip_seconds", "Round trip to viewers, by quantile."),
    Figure("budget", "conference_viewers_budget_bytes_per_second", "What viewers can take, by quantile.", 1 / 8),
)
OF_FEED = ("session", "feed", "source")
OF_ROOM = ("session", "room")


class MediaCollector(Collector):
    """One reading of the media plane as metrics.

    Args:
        stats: what `MediaEngine.stats` told; None while no worker answers.
        feeds: for each publishing resource its session, number and source.
        counts: plain gauges by name, with their help.
        grouped: how many feeds there are in the rooms of working groups, by session.
    """

    def __init__(
        self,
        stats: Mapping[str, Any] | None,
        feeds: Mapping[str, tuple[str, str, str]],
        counts: Mapping[str, tuple[str, float]],
        grouped: Mapping[str, int] | None = None,
    ) -> None:
        self._stats = stats or {}
        self._up = bool(self._stats.get("workers"))
        self._feeds = feeds
        self._counts = counts
        self._grouped = grouped or {}

    def collect(self) -> Iterator[Metric]:
        """All metrics, each with its samples."""
        for name, (text, value) in self._counts.items():
            yield GaugeMetricFamily(name, text, value)
        yield GaugeMetricFamily("conference_media_up", "Whether any media worker answers.", float(self._up))
        workers = self._stats.get("workers", [])
        yield from _told(WORKER, ["worker"], [((str(w.get("worker", n)),), w) for n, w in enumerate(workers)])
        told = self._stats.get("feeds", {})
        feeds = [(labels, told[resource]) for resource, labels in self._feeds.items() if resource in told]
        yield from _told(FEED, OF_FEED, feeds)
        layers = [
            ((*labels, str(stream.get("kind", "")), str(stream.get("rid", ""))), stream)
            for labels, feed in feeds
            for stream in feed.get("streams", [])
        ]
        yield from _told(STREAM, [*OF_FEED, "kind", "layer"], layers)
        yield from _published(self._feeds.values(), self._grouped)
        yield from _viewers(self._stats.get("viewers", {}).values())


def text(collector: Collector) -> bytes:
    """Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return generate_latest(registry)


def _told(
    figures: Iterable[Figure], labels: Sequence[str], told: Sequence[tuple[tuple[str, ...], Mapping[str, Any]]]
) -> Iterator[Metric]:
    """A metric for each figure, with a sample for each that has a value."""
    for figure in figures:
        family = figure.family(labels)
        for values, of in told:
            value = of.get(figure.key)
            if value is not None:
                family.add_metric(values, float(value) * figure.factor)  # type: ignore[attr-defined]
        yield family


def _published(feeds: Iterable[tuple[str, str, str]], grouped: Mapping[str, int]) -> Iterator[Metric]:
    """Feeds by session and kind of room: the stage, and all groups together."""
    family = GaugeMetricFamily("conference_room_feeds", "Feeds published, by kind of room.", labels=OF_ROOM)
    for session, number in _counted(session for session, _, _ in feeds):
        family.add_metric([session, "stage"], number)
    for session, number in sorted(grouped.items()):
        family.add_metric([session, "group"], number)
    yield family


def _viewers(viewers: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    """Viewers by room, in numbers alone: nobody has a series of his own."""
    rooms: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for viewer in viewers:
        kind, session, *_ = [*str(viewer.get("room", "")).split("/"), ""]
        rooms[session, kind].append(viewer)
    transports = GaugeMetricFamily("conference_viewers", "Viewers.", labels=[*OF_ROOM, "transport"])
    lossy = GaugeMetricFamily("conference_viewers_lossy", f"Viewers who lose more than {LOSSY:.0%}.", labels=OF_ROOM)
    layers = GaugeMetricFamily(
        "conference_viewers_pictures", "Pictures that viewers receive, by layer.", labels=[*OF_ROOM, "layer"]
    )
    spread = [(figure, figure.family([*OF_ROOM, "quantile"])) for figure in VIEWERS]
    for labels, those in sorted(rooms.items()):
        for transport, number in _counted(str(viewer.get("transport", "udp")) for viewer in those):
            transports.add_metric([*labels, transport], number)
        lossy.add_metric(labels, sum((viewer.get("loss") or 0) > LOSSY for viewer in those))
        shown = (layer for viewer in those for layer in viewer.get("layers", []) if layer is not None)
        for layer, number in _counted(shown):
            layers.add_metric([*labels, layer], number)
        for figure, family in spread:
            values = sorted(float(v[figure.key]) * figure.factor for v in those if v.get(figure.key) is not None)
            for quantile in QUANTILES if values else ():
                family.add_metric([*labels, f"{quantile:g}"], values[math.ceil(quantile * len(values)) - 1])  # type: ignore[attr-defined]
    yield from (transports, lossy, layers, *(family for _, family in spread))


def _counted(items: Iterable[str]) -> list[tuple[str, int]]:
    found: dict[str, int] = defaultdict(int)
    for item in items:
        found[item] += 1
    return sorted(found.items())
