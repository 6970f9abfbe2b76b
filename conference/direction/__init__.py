"""The direction of the day: the programme as cues, one after the other; planned against real time; the day's log."""
