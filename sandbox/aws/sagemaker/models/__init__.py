"""SageMaker's models: the actions, what is kept, what is refused."""
