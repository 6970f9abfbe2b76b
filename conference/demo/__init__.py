"""The 8th Kooperationskonferenz and 92 made-up people, to try everything with."""
