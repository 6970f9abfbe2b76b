"""A day lived through beforehand by simulated people, on the machine that is to carry it."""
