"""What a viewer's line carries, judged by what the viewer reports.

A receiver's estimate (REMB, draft-alvestrand-rmcat-remb) says little while little is sent: it follows what arrives.
So only its fall counts as a sign of a narrow line, as do loss and a growing round trip (draft-ietf-rmcat-gcc section
6). What went well is known to fit. More than that is tried out with packets that the viewer has already, faster and
faster, before a larger picture is sent: a line that does not carry it loses nothing of worth.
"""

from __future__ import annotations

from conference.media.layers import Allowance

START = 2_500_000
LOSS_BAD, LOSS_GOOD = 0.1, 0.06
QUEUEING = 0.25
LOSS_TRYING, QUEUEING_TRYING = 0.05, 0.1
REMB_FELL = 0.97
FALL = 0.85
ENOUGH = 10
FLOOR = 30_000
TRUST = 0.9  # of what the line was seen to carry
SLOW_RAMP, RAMP = 1.15, 2.0
BEYOND = 1.3  # so far beyond the old limit a trial may go faster
WAIT, LONGEST_WAIT = 3.0, 7.0
LONGEST_RISK = 30.0
TOLERANCE = 1.6  # the smallest picture is better lossy than gone, up to this
STEP = 0.9
DRAINING = 1.5  # after a cut, what is reported is about what was sent before it
REPAIRS = 0.2  # of a narrow line may go into repairs


class Downlink:
    """One viewer's line, in bits per second and seconds.

    Attributes:
        limit: what it was seen not to exceed; None while it never was too narrow.
        told: the viewer's last own estimate.
        fell: whether `limit` fell and nobody acted on it yet.
    """

    def __init__(self) -> None:
        self.limit: int | None = None
        self.told: int | None = None
        self.fell = False
        self._sending = 0
        self._proven = 0
        self._least = self._missing = 0
        self._ceiling = 0
        self._least_rtt = 0.0
        self._cut_at = 0.0
        self._trouble = False
        self._probing = 0
        self._probe_at = 0.0
        self._probe_began = 0.0
        self._wait = WAIT
        self._debt = 0
        self._repaired = 0, 0

    # what the viewer says

    def remb(self, bitrate: int, now: float) -> None:
        """Take the viewer's own estimate. One of nothing at all, or of more than any line, is none."""
        before, self.told = self.told, bitrate
        if before is None or bitrate >= before * REMB_FELL or bitrate >= self._sending * REMB_FELL:
            return
        self._cut(bitrate, now)

    # what that means

    def judge(self, sending: int, expected: int, lost: int, rtt: float | None, now: float) -> None:
        """Once a second.

        Args:
            sending: what goes out now, without what is sent again.
            expected, lost: packets that the viewer reported on since the last call.
            rtt: the round trip by now, None if not known.
        """
        self._sending = sending + self._probing
        if now - self._cut_at < DRAINING:
            return
        loss = min(max(lost, 0) / expected, 1.0) if expected >= ENOUGH else 0.0
        waiting = self._queueing(rtt)
        bad = (LOSS_TRYING, QUEUEING_TRYING) if self._probing else (LOSS_BAD, QUEUEING)
        if loss > bad[0] or waiting > bad[1]:
            if self._trouble or loss > 2 * LOSS_BAD or self._probing:
                # a viewer that is busy answers late, too: for that alone no picture ends
                least = self._least if loss <= bad[0] else 0
                self._cut(max(int(self._sending * min(FALL, 1 - loss)), least), now)
            self._trouble = True
        elif expected >= ENOUGH:
            self._trouble = False
            if loss < LOSS_GOOD:
                self._went_well(now)
        if self.told is not None and self.limit is not None and now - self._cut_at > WAIT:
            self.limit = max(self.limit, self.told)

    def _queueing(self, rtt: float | None) -> float:
        """How long packets wait on their way. A longer way is the normal one after a while."""
        if rtt is None:
            return 0.0
        self._least_rtt = min(self._least_rtt * 1.02 or rtt, rtt)
        return rtt - self._least_rtt

    def _cut(self, bitrate: int, now: float) -> None:
        """The line carries no more than this."""
        if self._probing:
            self._wait = min(self._wait * 1.5, LONGEST_WAIT)
        elif now - self._cut_at > 2 * LONGEST_WAIT:
            self._wait = WAIT
        self._probing = 0
        self._probe_at = now + self._wait
        self._cut_at = now
        self._proven = 0
        limit = self._ceiling = max(bitrate, FLOOR)
        if self.limit is None or limit < self.limit * REMB_FELL:
            self.limit = limit
            self.fell = True

    def _went_well(self, now: float) -> None:
        self._proven = max(self._proven, self._sending)
        if self.limit is not None and self._proven > self.limit:
            self.limit = self._proven
        if self._probing and now - self._probe_began >= STEP:
            self._probe_began = now
            goal = int((self._sending - self._probing) + self._missing * 1.05)
            if self._sending >= goal:
                self._probing = 0
                self._wait = WAIT
            else:
                ramp = SLOW_RAMP if self._sending < self._ceiling * BEYOND else RAMP
                self._probing = min(int(self._sending * ramp), goal) - (self._sending - self._probing)

    # what may be sent

    def bears_repair(self, size: int, now: float) -> bool:
        """Whether so many bytes may be sent again. While a narrow line drains, repairs would lengthen its queue."""
        if self.limit is None or now - self._cut_at > 2 * DRAINING:
            return True
        if int(now) != self._repaired[0]:
            self._repaired = int(now), 0
        self._repaired = self._repaired[0], self._repaired[1] + size
        return self._repaired[1] * 8 <= self.limit * REPAIRS

    def reserve(self, sound: int, now: float) -> Allowance:
        """What is left for pictures when the sound has had its share."""
        if self.limit is None:
            return Allowance(None, max(START, self.told or 0, self._proven) - sound)
        return Allowance(int(max(self.limit - sound, 0) * TOLERANCE), self.limit - sound)

    def plan(self, least: int, missing: int) -> None:
        """Note what sound and smallest pictures need, and how much more the next better picture would."""
        self._least, self._missing = least, missing
        if not missing:
            self._probing = 0

    # trying out

    def wants_probe(self, now: float, seconds: float) -> int:
        """Bytes to send for nothing but to see whether the line carries them."""
        if self.limit is None or not self._missing or now < self._probe_at:
            return 0
        if not self._probing:
            more = max(self._sending * (SLOW_RAMP - 1), self._ceiling * TRUST - self._sending, FLOOR)
            self._probing = min(int(more), int(self._missing * 1.05))
            self._probe_began = now
            self._debt = 0
        self._debt += int(self._probing * seconds / 8)
        return self._debt

    def risk(self, now: float) -> None:
        """Without anything to try the line with: believe that it carries more, and see."""
        self.limit = int((self._sending + self._missing) * 1.1)
        self._probing = 0
        self._probe_at = now + self._wait
        self._wait = min(self._wait * 1.5, LONGEST_RISK)

    def probed(self, sent: int) -> None:
        """So many bytes were sent for a probe."""
        self._debt -= sent
