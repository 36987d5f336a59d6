"""Small in-memory implementations of `release/ports.py`, for tests that decide from values."""
