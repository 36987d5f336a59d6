"""Pages of SageMaker's List actions: filtered, sorted, continued."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.sagemaker.exceptions import ValidationError

from sandbox.aws.sagemaker.paging import listed


def test_pages_are_filtered_sorted_and_continued() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    entries = [{"Name": f"m-{n}", "CreationTime": start + timedelta(days=n)} for n in range(5)]
    first = listed("Models", entries, "Name", {"MaxResults": 2})
    assert [entry["Name"] for entry in first["Models"]] == ["m-4", "m-3"], "newest first is the default"
    assert seen_pages(entries, {"MaxResults": 2}) == [["m-4", "m-3"], ["m-2", "m-1"], ["m-0"]]
    by_name = {"SortBy": "Name", "SortOrder": "Ascending", "NameContains": "M-3"}
    assert [entry["Name"] for entry in listed("Models", entries, "Name", by_name)["Models"]] == ["m-3"]
    after = listed("Models", entries, "Name", {"CreationTimeAfter": start + timedelta(days=3)})
    assert [entry["Name"] for entry in after["Models"]] == ["m-4"]
    for token in ("x", "W10=", "4"):
        with pytest.raises(ValidationError, match="Invalid NextToken"):
            listed("Models", entries, "Name", {"NextToken": token})
    with pytest.raises(ValidationError, match="Invalid NextToken"):
        listed("Models", entries, "Name", {"NextToken": first["NextToken"], "SortBy": "Name"})


def test_a_page_goes_on_after_the_last_entry_whatever_came_and_went() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    entries = [{"Name": f"m-{n}", "CreationTime": start + timedelta(days=n)} for n in range(6)]
    first = listed("Models", entries[1:], "Name", {"MaxResults": 2})
    newer = [{"Name": "newer", "CreationTime": start + timedelta(days=9)}]
    without_the_last = [entry for entry in entries if entry["Name"] != "m-4"]
    params = {"MaxResults": 9, "NextToken": first["NextToken"]}
    rest = listed("Models", [*without_the_last, *newer], "Name", params)["Models"]
    assert [entry["Name"] for entry in rest] == ["m-3", "m-2", "m-1", "m-0"]


def seen_pages(entries: list[dict[str, Any]], params: dict[str, Any]) -> list[list[str]]:
    """The names on every page of a list."""
    pages, token = [], None
    while True:
        page = listed("Models", entries, "Name", {**params, "NextToken": token})
        pages.append([entry["Name"] for entry in page["Models"]])
        token = page.get("NextToken")
        if token is None:
            return pages
