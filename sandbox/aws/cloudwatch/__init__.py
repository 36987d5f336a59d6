"""CloudWatch: metrics with their statistics, metric math, and alarms that are evaluated on time."""
