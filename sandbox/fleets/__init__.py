"""Instances that really serve: start, ping, logs, restart, end."""
