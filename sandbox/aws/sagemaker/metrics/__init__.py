"""The metrics that SageMaker publishes of endpoints: invocations, and what instances use of the machine."""
