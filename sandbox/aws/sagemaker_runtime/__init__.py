"""SageMaker Runtime: InvokeEndpoint, which goes straight to a model server and not through moto."""
