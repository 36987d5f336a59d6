"""Processing jobs: their state, and how they run."""
