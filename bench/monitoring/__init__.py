"""Measures what monitoring decides, on streams of known truth; raw results in `.build/bench/monitoring/`."""
