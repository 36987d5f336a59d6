"""`/v2/` of the sandbox: passes requests to the registry, refuses what ECR refuses, keeps ECR's catalog.

Everything is passed on as a stream, except manifests: ECR may refuse one, and records those accepted.
Who may is decided by `authorization.py`.
"""

import asyncio
import re
from collections.abc import AsyncIterator

import aiohttp
from moto.core.exceptions import ServiceException

from sandbox.aws.ecr import authorization
from sandbox.aws.ecr.catalog import Catalog, TagIsImmutable
from sandbox.aws.ecr.catalog import repositories as ecr_repositories
from sandbox.aws.ecr.layers import LayersNotFound
from sandbox.aws.shared.calls import Calls
from sandbox.aws.shared.permissions import of_registry
from sandbox.core.asgi import ClientGone, Receive, Scope, Send, header, read_body, respond_json
from sandbox.core.settings import HOST

MAX_MANIFEST = 4 << 20
"""Bytes; the limit of the distribution specification's clients and servers."""

_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags)/(?P<reference>.+)")
_HOP = {b"connection", b"host", b"transfer-encoding", b"content-length", b"authorization", b"expect"}


class Gateway:
    """The ASGI application of `/v2/`."""

    def __init__(
        self, client: aiohttp.ClientSession, catalog: Catalog, registry_port: int, calls: Calls
    ) -> None:
        self._client = client
        self._calls = calls
        self._catalog = catalog
        self._base = f"http://{HOST}:{registry_port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the distribution API."""
        if await authorization.refuse(scope, send):
            return None
        match = _PATH.fullmatch(scope["path"])
        if match is None or scope["path"].startswith("/v2/_"):
            await self._pass(scope, receive, send)
            return None
        name = match["name"]
        is_upload = match["reference"].startswith("uploads/")
        # Its tokens say nothing of who got them, so policies do not hold here.
        self._calls.note([of_registry(scope["method"], name, match["kind"], is_upload)])
        if not any(ecr_repositories(name)):
            message = f"The repository with name '{name}' does not exist in the registry"
            return await _refuse(send, 404, "NAME_UNKNOWN", message)
        if match["kind"] == "manifests" and scope["method"] == "PUT":
            return await self._put_manifest(name, match["reference"], scope, receive, send)
        if match["kind"] == "tags":
            return await respond_json(send, 200, {"name": name, "tags": self._catalog.tags(name)})
        if match["kind"] == "manifests" and not self._catalog.has(name, match["reference"]):
            return await _refuse(send, 404, "MANIFEST_UNKNOWN", f"Requested image not found in '{name}'")
        status = await self._pass(scope, receive, send)
        if match["kind"] == "manifests" and scope["method"] == "DELETE" and status == 202:
            self._catalog.forget(name, match["reference"])
        return None

    async def _put_manifest(
        self, name: str, reference: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        tag = None if reference.startswith("sha256:") else reference
        try:
            manifest = await read_body(receive, MAX_MANIFEST)
            await asyncio.to_thread(self._catalog.check, name, tag, manifest)
        except TagIsImmutable as error:
            return await _refuse(send, 400, "TAG_INVALID", error.message)
        except LayersNotFound as error:
            return await _refuse(send, 400, "MANIFEST_BLOB_UNKNOWN", error.message)
        except (ServiceException, ValueError, KeyError, TypeError) as error:
            return await _refuse(send, 400, "MANIFEST_INVALID", str(error))
        status = await self._pass(scope, receive, send, manifest)
        if status == 201:
            self._catalog.record(name, tag, manifest, header(scope, b"content-type"))
        return None

    async def _pass(self, scope: Scope, receive: Receive, send: Send, body: bytes | None = None) -> int:
        query = scope["query_string"].decode()
        url = self._base + scope["raw_path"].decode() + ("?" + query if query else "")
        headers = [(k.decode(), v.decode("latin-1")) for k, v in scope["headers"] if k not in _HOP]
        has_body = scope["method"] in ("PUT", "POST", "PATCH")
        data = body if body is not None else _stream(receive) if has_body else None
        length = header(scope, b"content-length")
        if body is None and has_body and length:
            headers.append(("Content-Length", length))
        async with self._client.request(
            scope["method"], url, headers=headers, data=data, allow_redirects=False
        ) as answer:
            out = [(k.lower(), v) for k, v in answer.raw_headers if k.lower() not in _HOP]
            if answer.content_length is not None:
                out.append((b"content-length", str(answer.content_length).encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": out})
            if scope["method"] != "HEAD":
                async for chunk in answer.content.iter_chunked(1 << 18):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            return answer.status


async def _stream(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    await respond_json(send, status, {"errors": [{"code": code, "message": message}]})
