"""Who may speak to `/v2/`: callers with a token of GetAuthorizationToken, and those with a layer's address.

As on ECR a request without credentials is challenged for Basic ones (401), and one with others than a token
is denied (403). What GetDownloadUrlForLayer answers is signed, so it needs neither.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from urllib.parse import parse_qs

from sandbox.core.asgi import Scope, Send, header, respond, respond_json
from sandbox.core.settings import ACCOUNT

_TOKEN = re.compile(r"AWS:\d{12}-auth-token")
"""A token as moto's GetAuthorizationToken makes them."""
_SIGNATURE = "X-Amz-Signature"
_SECRET = secrets.token_bytes(32)
_DENIED = "Your authorization token has expired. Reauthenticate and try again."


async def refuse(scope: Scope, send: Send) -> bool:
    """Answer a request that ECR would not let in; False, and nothing sent, for one that it would."""
    given = header(scope, b"authorization")
    if _is_token(given) or _is_signed(scope):
        return False
    if given:
        await respond_json(send, 403, {"errors": [{"code": "DENIED", "message": _DENIED}]})
        return True
    realm = f'Basic realm="http://{header(scope, b"host")}/",service="ecr.amazonaws.com"'
    headers = [
        (b"www-authenticate", realm.encode("latin-1")),
        (b"docker-distribution-api-version", b"registry/2.0"),
        (b"content-type", b"text/plain; charset=utf-8"),
    ]
    await respond(send, 401, b"Not Authorized\n", headers)
    return True


def signed(path: str) -> str:
    """A path of `/v2/` with a query that lets a reader in without a token."""
    return f"{path}?{_SIGNATURE}={_signature(path)}"


def docker_config(host: str) -> str:
    """A Docker `config.json` that logs crane, podman and docker in to the registry at `host`."""
    token = base64.b64encode(f"AWS:{ACCOUNT}-auth-token".encode()).decode()
    return json.dumps({"auths": {host: {"auth": token}}})


def _is_token(authorization: str) -> bool:
    kind, _, encoded = authorization.partition(" ")
    try:
        plain = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return kind.lower() == "basic" and _TOKEN.fullmatch(plain) is not None


def _is_signed(scope: Scope) -> bool:
    given = parse_qs(scope["query_string"].decode("latin-1")).get(_SIGNATURE, [""])[0]
    reads = scope["method"] in ("GET", "HEAD")
    return reads and hmac.compare_digest(given.encode(), _signature(scope["path"]).encode())


def _signature(path: str) -> str:
    return hmac.new(_SECRET, path.encode(), hashlib.sha256).hexdigest()
