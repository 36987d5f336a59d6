"""What moto's IAM lacks: AWS's own policies, refusal of malformed trust policies, changes of audiences.

moto has AWS's managed policies (AmazonSageMakerFullAccess, ReadOnlyAccess, ...) but does not load them by
itself. Policies are kept, attached and described; nothing evaluates them.
"""

import json

from moto.core.config import default_user_config
from moto.core.responses import ActionResult, EmptyResult
from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.responses import IamResponse

from sandbox.aws.shared.moto_actions import replace


def install() -> None:
    """Patch moto's IAM; must be called before it is used, as accounts are made with AWS's policies."""
    default_user_config["iam"]["load_aws_managed_policies"] = True
    original = IamResponse.create_role

    def create_role(self: IamResponse) -> ActionResult:
        _check_trust(self._get_param("AssumeRolePolicyDocument"))
        return original(self)

    IamResponse.create_role = create_role
    replace(IamResponse, "add_client_id_to_open_id_connect_provider", _add_audience)
    replace(IamResponse, "remove_client_id_from_open_id_connect_provider", _remove_audience)


def _add_audience(self: IamResponse) -> EmptyResult:
    """One more audience that an OIDC provider's tokens may have; one that is there already is no error."""
    audience, listed = self._get_param("ClientID"), _audiences(self)
    if audience not in listed:
        listed.append(audience)
    return EmptyResult()


def _remove_audience(self: IamResponse) -> EmptyResult:
    """One audience less; one that is not there is no error."""
    audience, listed = self._get_param("ClientID"), _audiences(self)
    if audience in listed:
        listed.remove(audience)
    return EmptyResult()


def _audiences(self: IamResponse) -> list[str]:
    arn = self._get_param("OpenIDConnectProviderArn")
    return self.backend.get_open_id_connect_provider(arn).client_id_list


def _check_trust(document: str) -> None:
    """Refuse, in IAM's words, a trust policy that is not a JSON object with statements."""
    try:
        policy = json.loads(document)
    except ValueError as error:
        raise MalformedPolicyDocument("This policy contains invalid Json") from error
    if not isinstance(policy, dict) or not policy.get("Statement"):
        raise MalformedPolicyDocument("Syntax errors in policy.")
