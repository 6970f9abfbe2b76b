"""Benchmarks: figures as ratios within one run, because absolute times drift on a shared machine."""
