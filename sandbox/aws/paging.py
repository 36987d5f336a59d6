"""SageMaker's List actions: filter by name, sort, page. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.sagemaker.exceptions import ValidationError

DEFAULT_PAGE = 10
"""SageMaker's own default of MaxResults."""


def listed(
    member: str, entries: Sequence[Mapping[str, Any]], name_key: str, params: Mapping[str, Any]
) -> dict[str, Any]:
    """The response of a List action: `member` holds one page of `entries`.

    Reads NameContains, CreationTimeAfter/Before, SortBy, SortOrder, MaxResults and NextToken from `params`.
    """
    contains = (params.get("NameContains") or "").lower()
    found = [entry for entry in entries if contains in entry[name_key].lower()]
    after, before = params.get("CreationTimeAfter"), params.get("CreationTimeBefore")
    if after:
        found = [entry for entry in found if entry["CreationTime"] > after]
    if before:
        found = [entry for entry in found if entry["CreationTime"] < before]
    by_name = params.get("SortBy") == "Name"
    found.sort(
        key=lambda entry: entry[name_key] if by_name else entry["CreationTime"],
        reverse=(params.get("SortOrder") or "Descending") == "Descending",
    )
    token = params.get("NextToken") or "0"
    if not token.isdigit():
        raise ValidationError(f"Invalid NextToken: {token}")
    start, size = int(token), int(params.get("MaxResults") or DEFAULT_PAGE)
    page: dict[str, Any] = {member: found[start : start + size]}
    if start + size < len(found):
        page["NextToken"] = str(start + size)
    return page
