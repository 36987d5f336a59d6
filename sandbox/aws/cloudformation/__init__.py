"""CloudFormation: which resources a stack may hold."""
