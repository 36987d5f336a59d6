"""The page: self-contained, and whatever a model is called stays text."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from model.serving.application import Application, Request
from model.serving.openapi.page import page

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' &amp; `${x}` {braces} </textarea>"


class _Reader(HTMLParser):
    """The elements of a page, and the text of its script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of that kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def answered(application: Application) -> Any:
    return application.respond(Request("GET", "/docs", {}, b""))


def _tags(text: str) -> list[str]:
    return [name for name, _ in _Reader(text).elements]


def test_it_is_served_at_both_places_and_small(application: Application, answered: Any) -> None:
    assert (answered.status, answered.media) == (200, "text/html; charset=utf-8")
    assert application.respond(Request("GET", "/", {}, b"")) == answered
    assert application.respond(Request("HEAD", "/", {}, b"")).status == 200
    refused = application.respond(Request("POST", "/docs", {}, b""))
    assert (refused.status, refused.headers) == (405, "Allow: GET, HEAD\r\n")
    assert len(answered.body) < 20_000


def test_nothing_in_it_comes_from_elsewhere(answered: Any) -> None:
    text = answered.body.decode()
    assert not re.search(r"(?:https?:)?//[a-z0-9]", text)
    assert not re.search(r"@import|url\(|\beval\b|innerHTML", text)
    used = {name for _, attributes in _Reader(text).elements for name in attributes}
    assert not {"src", "srcset", "action", "style"} & used
    assert not [name for name in used if name.startswith("on")]
    assert [anchor["href"] for anchor in _Reader(text).of("a")] == ["openapi.json"]


def test_its_policy_allows_its_own_script_and_style_alone(answered: Any) -> None:
    text = answered.body.decode()
    (policy,) = re.findall(r"Content-Security-Policy: (.*)\r\n", answered.headers)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_a_labelled_field_for_each_feature(answered: Any) -> None:
    read = _Reader(answered.body.decode())
    fields = read.of("input")
    assert [field["data-name"] for field in fields] == ["colour", "shape", "size", "weight"]
    assert [field["type"] for field in fields] == ["text", "text", "number", "number"]
    assert ["data-nullable" in field for field in fields] == [False, True, False, True]
    assert [label["for"] for label in read.of("label")] == [field["id"] for field in fields]


def test_whatever_a_model_is_called_stays_text(document: dict[str, Any]) -> None:
    plain = page(document)
    row = document["components"]["schemas"]["Row"]
    value = row["properties"]["size"] | {"description": HOSTILE, "examples": [HOSTILE]}
    hostile_row = row | {"properties": {HOSTILE: value}, "required": [HOSTILE]}
    paths = document["paths"] | {f"/{HOSTILE}": {"get": {"summary": HOSTILE}}}
    invocations = document["paths"]["/invocations"]["post"]
    content = {HOSTILE: {"schema": {"description": HOSTILE}, "examples": {HOSTILE: {"value": HOSTILE}}}}
    responses = {HOSTILE: {"description": HOSTILE}}
    paths["/invocations"] = {
        "post": invocations | {"requestBody": {"content": content}, "responses": responses}
    }
    text = page(
        document
        | {
            "info": dict.fromkeys(("title", "version", "description", "x-server"), HOSTILE),
            "components": {"schemas": {"Score": {"x-classes": [HOSTILE]}, "Row": hostile_row}},
            "paths": paths,
        }
    )
    assert set(_tags(text)) <= set(_tags(plain)) | {"p", "h4", "pre"}
    assert _tags(text).count("script") == 1
    assert "<img" not in text
    read = _Reader(text)
    assert [field["data-name"] for field in read.of("input")] == [HOSTILE]
    assert [field["value"] for field in read.of("input")] == [HOSTILE]
    [form] = read.of("form")
    assert json.loads(form["data-classes"] or "") == [HOSTILE]
    assert read.text.count("alert(1)") == text.count("alert(1)") - 6  # in three attributes
