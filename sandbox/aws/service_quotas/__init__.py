"""Service Quotas: what an account may have of SageMaker's instances for its endpoints."""
