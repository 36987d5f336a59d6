"""SageMaker's List actions: filter by name, status and time, sort, page. Pure.

A NextToken holds where its page ended, not a number of entries: what is created or deleted between two pages
neither repeats nor hides another entry.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.sagemaker.exceptions import ValidationError

DEFAULT_PAGE = 10
"""SageMaker's own default of MaxResults."""

_TIMES = ("CreationTime", "LastModifiedTime")


def listed(
    member: str,
    entries: Sequence[Mapping[str, Any]],
    name_key: str,
    params: Mapping[str, Any],
    status_key: str = "",
    more_keys: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The response of a List action: `member` holds one page of `entries`.

    Reads NameContains, StatusEquals, CreationTime- and LastModifiedTimeAfter and -Before, SortBy (Name,
    CreationTime, Status, and what `more_keys` has members for), SortOrder, MaxResults and NextToken from
    `params`. Raises ValidationException for a token that no page of the same list gave.
    """
    found = [entry for entry in entries if _wanted(entry, name_key, params, status_key)]
    keys = {"Name": name_key, "Status": status_key or name_key, **(more_keys or {})}
    sort_key = keys.get(params.get("SortBy") or "CreationTime", "CreationTime")
    descending = (params.get("SortOrder") or "Descending") == "Descending"

    def place(entry: Mapping[str, Any]) -> tuple[Any, str]:
        value = entry[sort_key]
        return (value.timestamp() if isinstance(value, datetime) else value), entry[name_key]

    found.sort(key=place, reverse=descending)
    order = [member, sort_key, descending]
    if params.get("NextToken"):
        last = _read_token(params["NextToken"], order)
        found = [entry for entry in found if (place(entry) < last if descending else place(entry) > last)]
    size = int(params.get("MaxResults") or DEFAULT_PAGE)
    page: dict[str, Any] = {member: found[:size]}
    if size < len(found):
        page["NextToken"] = _token(order, place(found[size - 1]))
    return page


def _wanted(entry: Mapping[str, Any], name_key: str, params: Mapping[str, Any], status_key: str) -> bool:
    if (params.get("NameContains") or "").lower() not in entry[name_key].lower():
        return False
    if params.get("StatusEquals") and entry[status_key] != params["StatusEquals"]:
        return False
    for time in _TIMES:
        after, before = params.get(f"{time}After"), params.get(f"{time}Before")
        if after and not entry[time] > _aware(after):
            return False
        if before and not entry[time] < _aware(before):
            return False
    return True


def _aware(time: Any) -> datetime:
    """A time of a request: moto hands over a datetime, naive or not, or the seconds as they came."""
    if isinstance(time, datetime):
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(time), UTC)


def _token(order: Sequence[Any], last: tuple[Any, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps([*order, *last]).encode()).decode()


def _read_token(token: str, order: Sequence[Any]) -> tuple[Any, str]:
    try:
        *given, value, name = json.loads(base64.urlsafe_b64decode(token))
        if given == list(order):
            return value, str(name)
    except (ValueError, TypeError, binascii.Error):
        pass
    raise ValidationError("Invalid NextToken: it is not one that this list gave.")
