"""Captured records as values: which hours are to be read, who served when, what cannot be told. Pure."""
