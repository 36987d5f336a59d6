"""Fleets and their instances: start, ping, restart, follow the logs, drain, end."""
