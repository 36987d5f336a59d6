"""Application Auto Scaling: what is refused, tags, and what scales SageMaker's variants."""
