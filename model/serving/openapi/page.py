"""The page that documents the API and tries it: one file of HTML, made of the OpenAPI document.

Nothing in it comes from elsewhere, and its policy lets nothing be loaded or sent elsewhere. All text of a
model is escaped; the script holds none of it and reads it from the form.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable
from html import escape

from model.serving.openapi.features import Document
from model.serving.openapi.look import SCRIPT, STYLE


def page(document: Document) -> str:
    """The page, of a document made by `document.openapi`."""
    info = document["info"]
    return _PAGE.format(
        title=escape(info["title"]),
        version=escape(info["version"]),
        server=escape(info["x-server"]),
        description="".join(f"<p>{_prose(part)}</p>" for part in info["description"].split("\n\n")),
        classes=escape(json.dumps(document["components"]["schemas"]["Score"].get("x-classes", []))),
        fields="".join(_fields(document["components"]["schemas"]["Row"])),
        requests="".join(_requests(document["paths"]["/invocations"]["post"]["requestBody"]["content"])),
        routes="".join(_routes(document["paths"])),
        errors="".join(_errors(document["paths"]["/invocations"]["post"]["responses"])),
        style=STYLE,
        script=SCRIPT,
    )


def policy() -> str:
    """The page's Content-Security-Policy: its own style and script, and requests to its own server."""
    return (
        f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _fields(row: Document) -> Iterable[str]:
    """A field for each feature, filled with its example."""
    for index, (name, value) in enumerate(row["properties"].items()):
        number = value.get("minimum") is not None
        nullable = name not in row["required"]
        example = value["examples"][0]
        kind = 'type="number" step="any"' if number else 'type="text"'
        told = value.get("description", "")
        yield (
            f'<div class="field"><label for="f{index}">{escape(name)}'
            f"{'' if nullable else ' <b title=required>*</b>'}</label>"
            f'<input id="f{index}" {kind} data-name="{escape(name)}" value="{escape(str(example))}"'
            f'{" data-nullable" if nullable else ""} placeholder="{"missing" if nullable else ""}"'
            f' aria-describedby="d{index}" autocomplete="off"{"" if nullable or not number else " required"}>'
            f'<small id="d{index}">{escape(told)}</small></div>'
        )


def _requests(content: Document) -> Iterable[str]:
    """Every format of a body, with its examples."""
    for media, format_ in content.items():
        told = format_["schema"].get("description", "")
        examples = format_.get("examples", {})
        bodies = "".join(
            f"<h4>{escape(name)}</h4><pre tabindex=0>{escape(_body(example['value']))}</pre>"
            for name, example in examples.items()
        )
        inner = f"<p>{escape(told)}</p>{bodies}" if told else bodies
        yield f"<details><summary><code>{escape(media)}</code></summary>{inner}</details>"


def _routes(paths: Document) -> Iterable[str]:
    for path, operations in paths.items():
        for method, operation in operations.items():
            if method in ("get", "post"):
                yield (
                    f"<tr><td><code>{method.upper()}</code><td><code>{escape(path)}</code>"
                    f"<td>{escape(operation['summary'])}"
                )


def _errors(responses: Document) -> Iterable[str]:
    for status, answer in responses.items():
        yield f"<tr><td><code>{escape(status)}</code><td>{escape(answer['description'])}"


def _body(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _prose(text: str) -> str:
    """Text whose `code` is in backticks."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} {version}</title>
<style>{style}</style>
<main>
<header><h1>{title} <small>version {version}</small></h1><span id="state" role="status">…</span></header>
{description}
<section aria-labelledby="try">
<h2 id="try">Try it</h2>
<form id="form" data-classes="{classes}">
<div class="fields">{fields}</div>
<div class="row"><button>Send</button><button type="reset">Example</button>
<output id="score" aria-live="polite"></output></div>
</form>
<div id="told" hidden>
<div class="row"><h3>Request</h3><button type="button" id="copy">Copy</button></div>
<pre id="curl" tabindex=0></pre>
<h3>Answer</h3><pre id="answer" tabindex=0></pre>
</div>
</section>
<section><h2>Bodies of <code>POST /invocations</code></h2>{requests}</section>
<section><h2>Routes</h2><div class="wide"><table><tbody>{routes}</table></div>
<p>All of it, for tools: <a href="openapi.json">openapi.json</a></p></section>
<section><h2>Answers of <code>/invocations</code></h2>
<div class="wide"><table><tbody>{errors}</table></div></section>
<footer>{server}</footer>
</main>
<script>{script}</script>
"""
