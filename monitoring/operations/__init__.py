"""One use case a file: they ask ports, decide by the rooms below, and return values."""
