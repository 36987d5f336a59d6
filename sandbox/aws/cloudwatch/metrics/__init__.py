"""CloudWatch's metrics: what is kept of them, statistics, metric math, and the embedded metric format."""
