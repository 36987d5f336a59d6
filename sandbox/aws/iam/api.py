"""What moto's IAM lacks: policies that AWS manages, and refusal of malformed trust policies.

moto has AWS's managed policies (AmazonSageMakerFullAccess, ReadOnlyAccess, ...) but does not load them by
itself. Policies are kept, attached and described; nothing evaluates them.
"""

import json

from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.responses import IamResponse


def install() -> None:
    """Patch moto's IAM; must be called before it is used, as accounts are made with AWS's policies."""
    default_user_config["iam"]["load_aws_managed_policies"] = True
    original = IamResponse.create_role

    def create_role(self: IamResponse) -> ActionResult:
        _check_trust(self._get_param("AssumeRolePolicyDocument"))
        return original(self)

    IamResponse.create_role = create_role


def _check_trust(document: str) -> None:
    """Refuse, in IAM's words, a trust policy that is not a JSON object with statements."""
    try:
        policy = json.loads(document)
    except ValueError as error:
        raise MalformedPolicyDocument("This policy contains invalid Json") from error
    if not isinstance(policy, dict) or not policy.get("Statement"):
        raise MalformedPolicyDocument("Syntax errors in policy.")
