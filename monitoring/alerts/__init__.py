"""Findings that are kept, and what is told of them: one event until it is closed, never one a look. Pure."""
