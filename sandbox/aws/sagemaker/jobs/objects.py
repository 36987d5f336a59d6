"""S3 as the role of a job sees it: `Objects` of `sandbox.jobs`, on moto's S3 and the role's policies."""

from moto.kms.models import kms_backends
from moto.s3.exceptions import S3ClientError

from sandbox.aws.s3 import objects
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.jobs.running.objects import ObjectError, Owner

_DENIED = "AccessDenied: Access Denied"
_NO_KEY = "NoSuchKey: The specified key does not exist."


class RoleObjects:
    """Reads, lists and writes what the role may, and says what it may not in S3's words."""

    def __init__(self, roles: ExecutionRoles) -> None:
        self._roles = roles

    def read(self, owner: Owner, uri: str) -> bytes:
        """As Objects.read; the key that an object is encrypted with has to be the role's too."""
        allowed = self._roles.may_read(owner.account, owner.role, uri)
        key = objects.key_of(owner.account, uri) if allowed else None
        if key is not None:
            allowed = self._roles.may(owner.account, owner.role, "kms:Decrypt", key)
        content = objects.read(owner.account, uri) if allowed else None
        if content is None:
            raise ObjectError(f"Unable to download object {uri} ({_NO_KEY if allowed else _DENIED})")
        return content

    def below(self, owner: Owner, uri: str) -> list[str]:
        """As Objects.below."""
        if not self._roles.may_list(owner.account, owner.role, uri):
            raise ObjectError(f"Unable to list objects of {uri} ({_DENIED})")
        return objects.below(owner.account, uri)

    def write(self, owner: Owner, uri: str, content: bytes, key: str = "") -> None:
        """As Objects.write."""
        try:
            arn = _key_arn(owner, key) if key else ""
            self._roles.write(owner.account, owner.role, uri, content, arn)
        except (PermissionError, S3ClientError) as error:
            raise ObjectError(f"Unable to upload {uri} ({error})") from error


def _key_arn(owner: Owner, key: str) -> str:
    """The ARN of a KMS key that a request names. Raises ObjectError where there is none."""
    backend = kms_backends[owner.account][owner.region]
    alias = backend.get_alias_name(key)
    named = backend.get_key_id_from_alias(alias) if alias.startswith("alias/") else backend.get_key_id(key)
    found = backend.keys.get(named or "")
    if found is None:
        raise ObjectError(f"KMS.NotFoundException: Invalid keyId '{key}'")
    return found.arn
