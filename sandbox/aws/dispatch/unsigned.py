"""What a subscriber asks without a signature: the address that confirms a subscription of SNS. Pure."""

from urllib.parse import parse_qs

from sandbox.core.asgi import Scope, header

_CONFIRMS = "ConfirmSubscription"


def as_signed(scope: Scope, body: bytes) -> tuple[Scope, bytes]:
    """The request that a GET of such an address stands for, in the form in which clients send it.

    Its token is what proves who asks. Any other request stays as it is.
    """
    query = scope["query_string"]
    if scope["method"] != "GET" or header(scope, b"authorization"):
        return scope, body
    asked = parse_qs(query.decode("latin-1"))
    topic = asked.get("TopicArn", [""])[0].split(":")
    if asked.get("Action") != [_CONFIRMS] or len(topic) != 6:
        return scope, body
    credential = f"AWS4-HMAC-SHA256 Credential=nobody/20100331/{topic[3]}/sns/aws4_request, Signature=none"
    kept = [pair for pair in scope["headers"] if pair[0] not in (b"content-type", b"content-length")]
    headers = [
        *kept,
        (b"authorization", credential.encode()),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-length", str(len(query)).encode()),
    ]
    return {**scope, "method": "POST", "query_string": b"", "headers": headers}, query
