"""Amazon resource names."""


def sagemaker_arn(kind: str, name: str, account: str, region: str) -> str:
    """`arn:aws:sagemaker:<region>:<account>:<kind>/<name>`, the name in lower case as SageMaker has it."""
    return f"arn:aws:sagemaker:{region}:{account}:{kind}/{name.lower()}"
