"""Endpoints as they really run: their state, how deployments start, and how traffic moves between them."""
