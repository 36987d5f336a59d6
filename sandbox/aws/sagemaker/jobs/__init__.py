"""SageMaker's jobs: what would run a program on machines of its own, and does not here."""
