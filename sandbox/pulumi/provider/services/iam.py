"""IAM: a role and its inline policies, and a provider of identities. IAM has no region."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, attempt, find, tag_list, tag_map
from sandbox.pulumi.provider.properties import Default, Property, json_document, unordered
from sandbox.pulumi.provider.resource import NAME, TAGS, Described, Named, Resource, Update, retag
from sandbox.pulumi.provider.values import Properties, Value

_GONE = ("NoSuchEntity",)
_SESSION_SECONDS = 3600


class Role(Named):
    """A role that a service assumes."""

    token = "aws:iam/role:Role"  # noqa: S105
    label = "IAM Role"
    service, member, gone = "iam", "RoleName", _GONE
    create_call, describe_call, delete_call = "create_role", "get_role", "delete_role"
    regional = False
    computed = ("arn", "uniqueId")
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "assumeRolePolicy": Property(required=True, normal=json_document),
        "description": Property(),
        "maxSessionDuration": Property(default=_SESSION_SECONDS),
        "path": Property(replaces=True, default="/"),
        "permissionsBoundary": Property(),
        "tags": TAGS,
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            "AssumeRolePolicyDocument": inputs["assumeRolePolicy"],
            "Path": inputs.get("path") or "/",
            "MaxSessionDuration": inputs.get("maxSessionDuration") or _SESSION_SECONDS,
        }
        if inputs.get("description"):
            parameters["Description"] = inputs["description"]
        if inputs.get("permissionsBoundary"):
            parameters["PermissionsBoundary"] = inputs["permissionsBoundary"]
        return parameters

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties:
        role = found["Role"]
        return {
            "name": role["RoleName"],
            "arn": role["Arn"],
            "uniqueId": role["RoleId"],
            "assumeRolePolicy": _document(role["AssumeRolePolicyDocument"]),
            "description": role.get("Description"),
            "maxSessionDuration": role.get("MaxSessionDuration"),
            "path": role["Path"],
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tagsAll": tag_map(role.get("Tags", ())),
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        iam = aws.client("iam")
        doing = self.doing("updating", identifier)
        inputs = update.inputs
        if "assumeRolePolicy" in update.changed:
            document = inputs["assumeRolePolicy"]
            attempt(doing, iam.update_assume_role_policy, RoleName=identifier, PolicyDocument=document)
        if update.changed & {"description", "maxSessionDuration"}:
            attempt(
                doing,
                iam.update_role,
                RoleName=identifier,
                Description=inputs.get("description") or "",
                MaxSessionDuration=inputs.get("maxSessionDuration") or _SESSION_SECONDS,
            )
        if "permissionsBoundary" in update.changed:
            bound = inputs.get("permissionsBoundary")
            if bound:
                attempt(
                    doing,
                    iam.put_role_permissions_boundary,
                    RoleName=identifier,
                    PermissionsBoundary=bound,
                )
            else:
                attempt(doing, iam.delete_role_permissions_boundary, RoleName=identifier)
        retag(doing, update, iam.tag_role, iam.untag_role, RoleName=identifier)


class RolePolicy(Resource):
    """An inline policy of a role. Its id is `role:name`."""

    token = "aws:iam/rolePolicy:RolePolicy"  # noqa: S105
    label = "IAM Role Policy"
    regional = False
    identity = ("role", "name")
    computed = ()
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "role": Property(required=True, replaces=True),
        "policy": Property(required=True, normal=json_document),
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        identifier = f"{inputs['role']}:{inputs['name']}"
        self._put(aws, f"creating IAM Role Policy ({identifier})", identifier, inputs)
        return identifier

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        role, _, name = identifier.partition(":")
        doing = f"reading IAM Role Policy ({identifier})"
        get = aws.client("iam").get_role_policy
        found = find(doing, _GONE, get, RoleName=role, PolicyName=name)
        if found is None:
            return None
        return {"role": role, "name": name, "policy": _document(found["PolicyDocument"])}

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        self._put(aws, f"updating IAM Role Policy ({identifier})", identifier, update.inputs)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        role, _, name = identifier.partition(":")
        delete = aws.client("iam").delete_role_policy
        find(f"deleting IAM Role Policy ({identifier})", _GONE, delete, RoleName=role, PolicyName=name)

    def _put(self, aws: Aws, doing: str, identifier: str, inputs: Properties) -> None:
        role, _, name = identifier.partition(":")
        put = aws.client("iam").put_role_policy
        attempt(doing, put, RoleName=role, PolicyName=name, PolicyDocument=inputs["policy"])


def _bare(url: Value) -> Value:
    """A provider's URL as IAM keeps it: without the scheme."""
    return url.removeprefix("https://") if isinstance(url, str) else url


class OpenIdConnectProvider(Described):
    """Whoever signs tokens for which AWS gives credentials. Its id is its ARN."""

    token = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"  # noqa: S105
    label = "IAM OIDC Provider"
    service, member, gone = "iam", "OpenIDConnectProviderArn", _GONE
    describe_call, delete_call = "get_open_id_connect_provider", "delete_open_id_connect_provider"
    regional = False
    identity = ("url",)
    properties: ClassVar[Mapping[str, Property]] = {
        "url": Property(required=True, replaces=True, normal=_bare),
        "clientIdLists": Property(required=True, normal=unordered),
        "thumbprintLists": Property(default=Default.COMPUTED, normal=unordered),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        url = str(inputs["url"])
        answer = attempt(
            self.doing("creating", url),
            aws.client("iam").create_open_id_connect_provider,
            Url=url,
            ClientIDList=inputs["clientIdLists"],
            ThumbprintList=inputs.get("thumbprintLists") or [],
            Tags=tag_list(aws.all_tags(inputs.get("tags"))),
        )
        return answer["OpenIDConnectProviderArn"]

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties:
        return {
            "arn": identifier,
            "url": found["Url"],
            "clientIdLists": found["ClientIDList"],
            "thumbprintLists": found["ThumbprintList"],
            "tagsAll": tag_map(found.get("Tags", ())),
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        iam, doing = aws.client("iam"), self.doing("updating", identifier)
        named = {self.member: identifier}
        if "clientIdLists" in update.changed:
            old, new = (_texts(values.get("clientIdLists")) for values in (update.state, update.inputs))
            for added in sorted(new - old):
                attempt(doing, iam.add_client_id_to_open_id_connect_provider, **named, ClientID=added)
            for gone in sorted(old - new):
                attempt(doing, iam.remove_client_id_from_open_id_connect_provider, **named, ClientID=gone)
        if "thumbprintLists" in update.changed:
            thumbprints = update.inputs.get("thumbprintLists") or []
            call = iam.update_open_id_connect_provider_thumbprint
            attempt(doing, call, **named, ThumbprintList=thumbprints)
        tag, untag = iam.tag_open_id_connect_provider, iam.untag_open_id_connect_provider
        retag(doing, update, tag, untag, OpenIDConnectProviderArn=identifier)


def _texts(values: Value) -> set[str]:
    return {str(value) for value in values} if isinstance(values, list) else set()


def _document(document: object) -> str:
    """Return a policy as text; botocore has decoded it where AWS encoded it for the URL."""
    return document if isinstance(document, str) else json.dumps(document)


RESOURCES: tuple[Resource, ...] = (Role(), RolePolicy(), OpenIdConnectProvider())
