"""IAM's policies that AWS manages (AmazonSageMakerFullAccess, ReadOnlyAccess, ...), which moto has but hides.

Policies are kept, attached and described; nothing evaluates them.
"""

from moto.core.config import default_user_config


def install() -> None:
    """Let every account have AWS's managed policies; must be called before IAM is used."""
    default_user_config["iam"]["load_aws_managed_policies"] = True
