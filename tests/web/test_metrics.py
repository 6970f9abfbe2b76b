"""What Prometheus reads: parsed by its own parser, in base units, with nobody's name in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from conference.media.engine import MediaUnavailable
from conference.sessions.model import Source
from tests.counters import audio, feed, video, viewer, worker
from tests.house import MODERATOR, PRODUCTION, SPEAKER, House

ROOT = Path(__file__).parents[2]
SESSION = "live-1"
LABELS = ("worker", "session", "feed", "source", "kind", "room", "transport", "layer", "quantile")
COUNTERS = {
    *("worker_received_packets", "worker_received_bytes", "worker_sent_packets", "worker_dropped_packets"),
    *("worker_filtered_packets", "worker_strange_packets", "worker_failures", "worker_cpu_seconds"),
    *("worker_filtered_packets", "worker_relayed_in_packets", "worker_relayed_out_packets"),
    "worker_relay_dropped_packets",
    *("feed_refused_packets", "feed_packets", "feed_bytes", "feed_frames", "feed_recovered_packets"),
    *("feed_key_frames", "feed_key_frame_requests"),
}


async def read(house: House) -> dict[str, Any]:
    """The families by name."""
    async with house.http.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return {family.name: family for family in text_string_to_metric_families(await answer.text())}


def values(family: Any) -> dict[tuple[str, ...], float]:
    return {tuple(s.labels[name] for name in LABELS if name in s.labels): s.value for s in family.samples}


async def publish(house: House, email: str, source: Source) -> str:
    """Somebody's source; returns its resource."""
    client = await house.enter(email, SESSION)
    if source is not Source.PROGRAMME:
        await client.do("stage.enter", session=SESSION, source=source.value)
    token = (await house.link(email)).rsplit("/", 1)[1]
    found = await house.site.doorman.by_token(token)
    assert found is not None
    return (await house.hall.media.publish(SESSION, found[1], found[0], source, "v=0")).resource


async def test_feeds_layers_workers_and_viewers(house: House) -> None:
    moderator = await house.enter(MODERATOR, SESSION)
    await moderator.do("session.move", session=SESSION, to="live")
    camera = await publish(house, SPEAKER, Source.CAMERA)
    programme = await publish(house, PRODUCTION, Source.PROGRAMME)
    stage = f"stage/{SESSION}"
    house.engine.told = {
        "workers": [worker(), worker(1, cpu_seconds=3.25)],
        "feeds": {
            camera: feed("p-secret", audio(), video("q", 120_000), video("f")),
            programme: feed("p-secret", video(), level=None, silent_for=None, frozen_for=4.5, rtt=None),
        },
        "viewers": {
            **{f"v{n}": viewer(stage, "f", None, None, None, None, rtt=n / 100) for n in range(1, 10)},
            "v10": viewer(stage, "q", None, None, None, None, loss=0.08, transport="tcp", rtt=0.5),
            **{f"g{n}": viewer(f"group/arbeitsgruppen/ag{n}", None) for n in (1, 2)},
            "v11": viewer(f"backstage/{SESSION}", "", "h", budget=None),
        },
    }
    found = await read(house)
    first, second = (SESSION, "1", "camera"), (SESSION, "2", "programme")
    assert values(found["conference_feed_frozen_seconds"]) == {first: 0, second: 4.5}
    assert values(found["conference_feed_silent_seconds"]) == {first: 0.4}
    assert values(found["conference_feed_audio_level_dbov"]) == {first: -31}
    assert values(found["conference_feed_round_trip_seconds"]) == {first: 0.032}
    assert values(found["conference_feed_bytes_per_second"]) == {
        (*first, "audio", ""): 5_000,
        (*first, "video", "q"): 15_000,
        (*first, "video", "f"): 200_000,
        (*second, "video", ""): 200_000,
    }
    assert values(found["conference_feed_key_frame_age_seconds"])[*first, "video", "f"] == 2.5
    assert values(found["conference_worker_cpu_seconds"]) == {("0",): 12.5, ("1",): 3.25}
    grouped = ("arbeitsgruppen", "group")
    assert values(found["conference_room_feeds"]) == {(SESSION, "stage"): 2}
    assert values(found["conference_viewers"]) == {
        (*grouped, "udp"): 2,
        (SESSION, "backstage", "udp"): 1,
        (SESSION, "stage", "tcp"): 1,
        (SESSION, "stage", "udp"): 9,
    }
    assert values(found["conference_viewers_lossy"]) == {grouped: 0, (SESSION, "backstage"): 0, (SESSION, "stage"): 1}
    assert values(found["conference_viewers_pictures"])[SESSION, "stage", "f"] == 9
    trips = values(found["conference_viewers_round_trip_seconds"])
    assert [trips[SESSION, "stage", q] for q in ("0.5", "0.9", "0.99", "1")] == [0.05, 0.09, 0.5, 0.5]
    assert (SESSION, "backstage", "1") not in values(found["conference_viewers_budget_bytes_per_second"])
    assert values(found["conference_media_up"]) == {(): 1}


async def test_counters_are_counters_and_everything_is_explained(house: House) -> None:
    house.engine.told = {"workers": [worker()], "feeds": {}, "viewers": {}}
    found = await read(house)
    assert {name for name, family in found.items() if family.type == "counter"} == {f"conference_{c}" for c in COUNTERS}
    assert {family.type for family in found.values()} == {"counter", "gauge"}
    for name, family in found.items():
        assert len(family.documentation) > 5, name
        assert all(s.name.endswith("_total") == (family.type == "counter") for s in family.samples), name
        assert not name.endswith(("_ms", "_milliseconds", "_bits", "_bits_per_second", "_percent", "_total")), name


async def test_nobody_is_named_and_a_feed_keeps_its_number(house: House) -> None:
    moderator = await house.enter(MODERATOR, SESSION)
    await moderator.do("session.move", session=SESSION, to="live")
    for _ in range(3):
        camera = await publish(house, SPEAKER, Source.CAMERA)
        house.engine.told = {"feeds": {camera: feed("p-secret", audio(), video())}, "viewers": {"v": viewer("stage/x")}}
        found = await read(house)
        assert list(values(found["conference_feed_connected"])) == [(SESSION, "1", "camera")]
    async with house.http.get("/metrics") as answer:
        text = await answer.text()
    speaker = (await house.site.doorman.by_token((await house.link(SPEAKER)).rsplit("/", 1)[1]))[1]  # type: ignore[index]
    for secret in ("p-secret", speaker.public_id, speaker.name, camera):
        assert secret not in text


async def test_it_answers_while_the_media_plane_does_not(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> Any:
        raise MediaUnavailable

    async def no_worker() -> Any:
        return {"workers": [], "feeds": {}, "viewers": {}}

    for stats in (away, no_worker):
        monkeypatch.setattr(house.engine, "stats", stats)
        found = await read(house)
        assert values(found["conference_media_up"]) == {(): 0}
        assert values(found["conference_visits"]) == {(): 0}
        async with house.http.get("/readyz") as answer:
            assert answer.status == 503


async def test_an_engine_that_tells_less_is_no_error(house: House) -> None:
    house.engine.told = {"workers": [{"packets_in": 5}]}
    found = await read(house)
    assert values(found["conference_worker_received_packets"]) == {("0",): 5}
    assert values(found["conference_worker_peers"]) == {}


async def test_the_alert_rules_in_the_manual_name_what_there_is(house: House) -> None:
    manual = (ROOT / "docs" / "install.md").read_text("utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", manual, re.S)]
    [rules] = [group["rules"] for block in blocks for group in block.get("groups", [])]
    assert len(rules) >= 4
    named = {name for rule in rules for name in re.findall(r"\bconference_\w+", rule["expr"])}
    async with house.http.get("/metrics") as answer:
        there = set(re.findall(r"^# TYPE (\w+)", await answer.text(), re.M))
    assert len(named) >= 6
    assert named <= there
