"""CloudWatch Logs: events with their limits, pages and filter patterns, on moto's groups and streams."""
