"""Data capture: what is to be captured, in SageMaker's layout, and its way into S3."""
