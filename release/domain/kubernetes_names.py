"""Names, labels and variables as Kubernetes takes them. Pure; whoever writes a manifest asks here.

Limits: "Object Names and IDs" and "Labels and Selectors" in Kubernetes' documentation; of variables the API
reference's EnvVar, as every version takes it. Nothing is shortened: two names that were cut alike would be
one object. What does not fit is refused, with the key of the stage's data that makes it.
"""

import re
from collections.abc import Mapping

from release.domain.errors import UsageError

NAME = "app.kubernetes.io/name"
"""The label by which an endpoint's objects and pods are found: what it is served as, `delays-prod`. Flagger
renames it on the pods that it keeps, and knows few others."""
LABEL_LIMIT = 63
"""Of a label's value, and of the name of a Service, a container or a namespace (RFC 1123)."""
SUBDOMAIN_LIMIT = 253
"""Of all other objects' names, and of a label key's prefix."""
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?")
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What kustomize does not read, quoted or not."""
_VARIABLE = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")


def dns_label(name: str, key: str) -> str:
    """The name of a Service, container or namespace. Raises UsageError that names `key`, which makes it."""
    wanted = "small letters, digits and '-', beginning and ending with a letter or digit"
    return _fitting(name, key, "name", _LABEL, LABEL_LIMIT, wanted)


def dns_subdomain(name: str, key: str) -> str:
    """The name of any other object. Raises UsageError that names `key`, which makes it."""
    wanted = "parts of small letters, digits and '-', joined by '.'"
    return _fitting(name, key, "name", _SUBDOMAIN, SUBDOMAIN_LIMIT, wanted)


def label_value(value: str, key: str) -> str:
    """The value of a label. Raises UsageError that names `key`, which makes it."""
    wanted = "letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"
    return _fitting(value, key, "label's value", _VALUE, LABEL_LIMIT, wanted)


def labels(served_as: str, key: str) -> dict[str, str]:
    """What all objects of an endpoint have. Raises UsageError that names `key`, which makes the name."""
    return {NAME: label_value(served_as, key), "app.kubernetes.io/managed-by": "slipway"}


def label_key(label: str, key: str) -> str:
    """The key of a label: a name, or `prefix/name`. Raises UsageError that names `key`, which makes it."""
    prefix, slash, name = label.rpartition("/")
    if slash:
        dns_subdomain(prefix, key)
    if not name:
        raise _refused(label, key, "label's key", "a name after the '/'")
    label_value(name, key)
    return label


def variables(environment: Mapping[str, str], key: str) -> dict[str, str]:
    """A container's variables by name. Raises UsageError that names `key` and the variable.

    Kubernetes puts another variable's value where one says `$(NAME)`, and takes `$$` for `$`: every `$` is
    doubled, so that a container finds what the stage's data says.
    """
    wanted = "letters, digits, '-', '_' and '.', not beginning with a digit"
    for name, value in environment.items():
        _fitting(name, f"{key}.{name}", "variable", _VARIABLE, SUBDOMAIN_LIMIT, wanted)
        if _UNREADABLE.search(value):
            raise _refused(
                value, f"{key}.{name}", "value", "no control characters but tabs and ends of lines"
            )
    return {name: value.replace("$", "$$") for name, value in sorted(environment.items())}


def _fitting(text: str, key: str, what: str, pattern: re.Pattern[str], limit: int, wanted: str) -> str:
    if len(text) > limit:
        raise _refused(text, key, what, f"{limit} characters at most, and it has {len(text)}")
    if not pattern.fullmatch(text):
        raise _refused(text, key, what, wanted)
    return text


def _refused(text: str, key: str, what: str, wanted: str) -> UsageError:
    return UsageError(
        f"Kubernetes does not take the {what} {text!r}, which comes from {key}: {wanted}.",
        "Nothing was exported.",
        f"Change {key}, or export another format.",
    )
