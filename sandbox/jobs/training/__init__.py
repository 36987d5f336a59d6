"""Training jobs: their state, what they are given, and what becomes of what they leave."""
