"""SageMaker's endpoint configs: the actions, what is kept, what is refused."""
