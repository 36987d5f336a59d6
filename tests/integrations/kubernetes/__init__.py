"""Kubernetes: the files as values, the program of the init container, and a real API server."""
