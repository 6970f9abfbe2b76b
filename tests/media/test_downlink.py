"""A viewer's line, judged: cut it, and less is sent in time; restore it, and it comes back; else all stays."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from conference.media.downlink import Downlink

Q, H, F, SOUND = 150_000, 500_000, 1_800_000, 40_000
PACKET = 8_000


@dataclass
class Line:
    """A viewer behind a line of `carries` bit/s with a queue of 200 ms, watching one picture; a tick is 50 ms."""

    downlink: Downlink
    carries: int
    layer: int = F
    now: float = 100.0
    rest: float = 0.0
    base_rtt: float = 0.02
    random_loss: float = 0.0
    remb: int | None = None
    wasted: int = 0

    def second(self) -> None:
        """Let a second pass, then report and choose anew as the worker does."""
        sent = SOUND + self.layer
        for _ in range(20):
            self.now += 0.05
            wanted = self.downlink.wants_probe(self.now, 0.05)
            if wanted > 0:
                self.downlink.probed(wanted)
                sent += wanted * 8
                self.wasted += wanted * 8
        over = max(sent - self.carries, 0) / sent
        expected = self.layer // PACKET or 10
        lost = round(expected * max(over - 0.05, 0) + expected * self.random_loss)
        rtt = self.base_rtt + (0.2 if over else 0.0)
        if over:
            self.remb = int(self.carries * 0.85)
        else:
            self.remb = max(self.remb or sent, min(int((self.remb or sent) * 1.08), int(sent * 1.5 + 10_000)))
        self.downlink.remb(self.remb, self.now)
        self.downlink.judge(SOUND + self.layer, expected, lost, rtt, self.now)
        self.choose()

    def choose(self) -> None:
        room = self.downlink.reserve(SOUND, self.now)
        fits = [cost for cost in (Q, H, F) if cost * (1.0 if cost <= self.layer else 1.1) <= room.more]
        chosen = max(fits, default=Q if room.least is None or room.least >= Q else 0)
        if chosen <= self.layer or self.layer == 0:
            self.layer = chosen
        else:
            self.layer = {Q: H, H: F}[self.layer]
        better = {0: Q, Q: H, H: F, F: F}[self.layer]
        self.downlink.plan(SOUND + Q, int((better - self.layer) * 1.1))


def seconds(line: Line, count: int) -> list[int]:
    layers = []
    for _ in range(count):
        line.second()
        layers.append(line.layer)
    return layers


def test_a_good_line_is_never_doubted() -> None:
    line = Line(Downlink(), 10_000_000)
    assert set(seconds(line, 300)) == {F}
    assert line.wasted == 0


def test_a_cut_line_gets_less_within_five_seconds_and_more_within_fifteen() -> None:
    line = Line(Downlink(), 10_000_000)
    seconds(line, 20)
    line.carries = 500_000
    layers = seconds(line, 30)
    assert F not in layers[4:]
    assert layers[-1] == Q
    line.carries = 10_000_000
    assert seconds(line, 15)[-1] == F
    assert set(seconds(line, 60)) == {F}


def test_trials_cost_a_narrow_line_little() -> None:
    line = Line(Downlink(), 600_000)
    seconds(line, 20)
    line.wasted = 0
    layers = seconds(line, 120)
    assert set(layers) <= {Q, H}
    assert line.wasted / 120 < 150_000


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.08])
def test_loss_that_has_nothing_to_do_with_the_rate_changes_nothing(loss: float) -> None:
    line = Line(Downlink(), 10_000_000, random_loss=loss)
    assert set(seconds(line, 120)) == {F}


def test_a_way_that_becomes_longer_is_no_narrow_line_for_long() -> None:
    line = Line(Downlink(), 10_000_000)
    seconds(line, 10)
    line.base_rtt = 0.2
    assert set(seconds(line, 60)) == {F}


def test_a_viewer_that_answers_late_keeps_a_picture() -> None:
    line = Line(Downlink(), 10_000_000)
    seconds(line, 10)
    for rtt in (0.6, 0.3, 1.2, 0.5, 2.0, 0.4) * 10:
        line.base_rtt = rtt
        line.second()
        assert line.layer >= Q


def test_the_sound_goes_on_when_there_is_room_for_nothing_else() -> None:
    line = Line(Downlink(), 60_000)
    assert seconds(line, 20)[-1] == 0
    allowance = line.downlink.reserve(SOUND, line.now)
    assert allowance.least is not None
    assert allowance.least < Q


@pytest.mark.parametrize("estimate", [0, 1, 2**60, 2**63])
def test_absurd_estimates_are_survived(estimate: int) -> None:
    line = Line(Downlink(), 10_000_000)
    seconds(line, 10)
    for _ in range(20):
        line.downlink.remb(2_000_000, line.now)
        line.downlink.remb(estimate, line.now)
    assert seconds(line, 25)[-1] == F


def test_an_estimate_that_is_small_because_little_is_sent_means_nothing() -> None:
    downlink = Downlink()
    for second, (sending, estimate) in enumerate([(60_000, 95_000)] * 5 + [(1_800_000, 102_000), (1_800_000, 110_000)]):
        downlink.judge(sending, 100, 0, 0.02, float(second))
        downlink.remb(estimate, float(second))
    assert downlink.limit is None
