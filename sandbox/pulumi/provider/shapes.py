"""How one nested value is written by Pulumi (`canarySize`) and by AWS's JSON APIs (`CanarySize`)."""

from collections.abc import Mapping

from sandbox.pulumi.provider.values import Value

EXACT_MAPS = frozenset({"tags", "tagsAll", "environment", "dimensions"})
"""Members whose keys are the user's own data: never renamed, and compared as a whole."""

_TO_AWS: Mapping[str, str] = {
    "volumeSizeInGb": "VolumeSizeInGB",
    "enableSsmAccess": "EnableSSMAccess",
    "sseAlgorithm": "SSEAlgorithm",
    "kmsMasterKeyId": "KMSMasterKeyID",
    "mfaDelete": "MFADelete",
}
_FROM_AWS: Mapping[str, str] = {aws: pulumi for pulumi, aws in _TO_AWS.items()}


def to_aws(value: Value) -> Value:
    """Return a Pulumi value with AWS's names. Keys of user data stay as they are."""
    if isinstance(value, dict):
        return {
            _TO_AWS.get(key, key[:1].upper() + key[1:]): item if key in EXACT_MAPS else to_aws(item)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [to_aws(item) for item in value]
    return value


def from_aws(value: Value) -> Value:
    """Return an AWS value with Pulumi's names; the reverse of `to_aws`."""
    if isinstance(value, dict):
        return {
            name: item if name in EXACT_MAPS else from_aws(item)
            for key, item in value.items()
            for name in (_FROM_AWS.get(key, key[:1].lower() + key[1:]),)
        }
    if isinstance(value, list):
        return [from_aws(item) for item in value]
    return value
