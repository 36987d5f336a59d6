"""Tuning jobs: the actions, what is refused, how one is described."""
