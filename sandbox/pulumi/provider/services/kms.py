"""KMS: a key with its policy and rotation, and the alias that names it."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, attempt, find, tag_list
from sandbox.pulumi.provider.properties import Default, Property, json_document
from sandbox.pulumi.provider.resource import COMPUTED, NAME, TAGS, Resource, Update, retag
from sandbox.pulumi.provider.values import Properties, Value

_GONE = ("NotFoundException",)
_DELETION_DAYS = 30


class Key(Resource):
    """A symmetric key."""

    token = "aws:kms/key:Key"  # noqa: S105
    label = "KMS Key"
    identity = ()
    computed = ("arn", "keyId")
    properties: ClassVar[Mapping[str, Property]] = {
        "description": COMPUTED,
        "policy": Property(default=Default.COMPUTED, normal=json_document),
        "enableKeyRotation": Property(),
        "rotationPeriodInDays": COMPUTED,
        "deletionWindowInDays": Property(local=True),
        "bypassPolicyLockoutSafetyCheck": Property(local=True),
        "customerMasterKeySpec": Property(replaces=True, default="SYMMETRIC_DEFAULT"),
        "keyUsage": Property(replaces=True, default="ENCRYPT_DECRYPT"),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        parameters: dict[str, Any] = {
            "KeyUsage": inputs.get("keyUsage") or "ENCRYPT_DECRYPT",
            "KeySpec": inputs.get("customerMasterKeySpec") or "SYMMETRIC_DEFAULT",
            "BypassPolicyLockoutSafetyCheck": bool(inputs.get("bypassPolicyLockoutSafetyCheck")),
            "Tags": tag_list(aws.all_tags(inputs.get("tags")), "Tag"),
        }
        if inputs.get("description"):
            parameters["Description"] = inputs["description"]
        if inputs.get("policy"):
            parameters["Policy"] = inputs["policy"]
        answer = attempt("creating KMS Key", aws.client("kms").create_key, **parameters)
        return answer["KeyMetadata"]["KeyId"]

    def finish(self, aws: Aws, identifier: str, inputs: Properties, timeout: float) -> None:
        if inputs.get("enableKeyRotation"):
            self._rotate(aws, f"creating KMS Key ({identifier})", identifier, inputs)

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        kms = aws.client("kms")
        doing = f"reading KMS Key ({identifier})"
        found = find(doing, _GONE, kms.describe_key, KeyId=identifier)
        if found is None or found["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return None
        key = found["KeyMetadata"]
        rotation = attempt(doing, kms.get_key_rotation_status, KeyId=identifier)
        policy = attempt(doing, kms.get_key_policy, KeyId=identifier, PolicyName="default")
        tags = attempt(doing, kms.list_resource_tags, KeyId=identifier).get("Tags", ())
        return {
            "arn": key["Arn"],
            "keyId": key["KeyId"],
            "description": key.get("Description"),
            "keyUsage": key["KeyUsage"],
            "customerMasterKeySpec": key.get("KeySpec", "SYMMETRIC_DEFAULT"),
            "policy": policy["Policy"],
            "enableKeyRotation": rotation["KeyRotationEnabled"],
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "tagsAll": {tag["TagKey"]: tag["TagValue"] for tag in tags},
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        kms = aws.client("kms")
        doing = f"updating KMS Key ({identifier})"
        inputs = update.inputs
        if "policy" in update.changed:
            attempt(
                doing,
                kms.put_key_policy,
                KeyId=identifier,
                PolicyName="default",
                Policy=inputs["policy"],
                BypassPolicyLockoutSafetyCheck=bool(inputs.get("bypassPolicyLockoutSafetyCheck")),
            )
        if "description" in update.changed:
            description = inputs.get("description") or ""
            attempt(doing, kms.update_key_description, KeyId=identifier, Description=description)
        if update.changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            if inputs.get("enableKeyRotation"):
                self._rotate(aws, doing, identifier, inputs)
            else:
                attempt(doing, kms.disable_key_rotation, KeyId=identifier)

        prefixed = partial(tag_list, prefix="Tag")
        retag(doing, update, kms.tag_resource, kms.untag_resource, form=prefixed, KeyId=identifier)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        # AWS never deletes a key at once; it can be taken back within the window.
        find(
            f"deleting KMS Key ({identifier})",
            (*_GONE, "KMSInvalidStateException:pending deletion"),
            aws.client("kms").schedule_key_deletion,
            KeyId=identifier,
            PendingWindowInDays=state.get("deletionWindowInDays") or _DELETION_DAYS,
        )

    def _rotate(self, aws: Aws, doing: str, identifier: str, inputs: Properties) -> None:
        period = inputs.get("rotationPeriodInDays")
        parameters = {"RotationPeriodInDays": period} if period else {}
        attempt(doing, aws.client("kms").enable_key_rotation, KeyId=identifier, **parameters)


class Alias(Resource):
    """A readable name for a key."""

    token = "aws:kms/alias:Alias"  # noqa: S105
    label = "KMS Alias"
    computed = ("arn", "targetKeyArn")

    @staticmethod
    def _key_id(value: Value) -> Value:
        return value.rsplit("/", 1)[-1] if isinstance(value, str) else value

    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "targetKeyId": Property(required=True, normal=_key_id),
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["name"])
        create = aws.client("kms").create_alias
        attempt(f"creating KMS Alias ({name})", create, AliasName=name, TargetKeyId=inputs["targetKeyId"])
        return name

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        kms = aws.client("kms")
        doing = f"reading KMS Alias ({identifier})"
        pages = attempt(doing, lambda: list(kms.get_paginator("list_aliases").paginate()))
        for alias in (alias for page in pages for alias in page["Aliases"]):
            if alias["AliasName"] == identifier and "TargetKeyId" in alias:
                prefix = alias["AliasArn"].rsplit(":alias/", 1)[0]
                return {
                    "name": identifier,
                    "arn": alias["AliasArn"],
                    "targetKeyId": alias["TargetKeyId"],
                    "targetKeyArn": f"{prefix}:key/{alias['TargetKeyId']}",
                }
        return None

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        attempt(
            f"updating KMS Alias ({identifier})",
            aws.client("kms").update_alias,
            AliasName=identifier,
            TargetKeyId=update.inputs["targetKeyId"],
        )

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        delete = aws.client("kms").delete_alias
        find(f"deleting KMS Alias ({identifier})", _GONE, delete, AliasName=identifier)


RESOURCES: tuple[Resource, ...] = (Key(), Alias())
