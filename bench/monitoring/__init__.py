"""Measures what monitoring costs and decides: records a second, and decisions on streams of known truth."""
