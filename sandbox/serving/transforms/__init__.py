"""Batch transform: files are cut into requests, answered by a model's container, and put together again."""
