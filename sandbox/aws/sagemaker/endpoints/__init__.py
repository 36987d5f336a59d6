"""SageMaker's endpoints: the actions, what they refuse and what DescribeEndpoint answers."""
