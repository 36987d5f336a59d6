"""The page of drift: drawn by the real Evidently where it is installed, and an error that helps where not."""

import json
import re

import pytest

from monitoring.drawing.drift_page import ROOT, PageError, draw
from tests.monitoring.drift.streams import Parcels, table

SCHEMA = json.dumps(Parcels().input_schema()).encode()


def csv(rows: int) -> bytes:
    return table().head(rows).to_csv(index=False).encode()


def test_without_its_environment_nothing_is_written(tmp_path):
    with pytest.raises(PageError, match="not installed") as error:
        draw(csv(10), SCHEMA, csv(10), tmp_path / "page.html", tools=tmp_path)
    assert "make drift-report-tools" in error.value.next_step
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@pytest.mark.skipif(
    not (ROOT / ".tools" / "evidently").is_dir(), reason="make drift-report-tools was not run"
)
class TestDrawn:
    def test_a_page_that_asks_nobody(self, tmp_path):
        page = tmp_path / "there" / "page.html"
        draw(csv(500), SCHEMA, csv(300), page)
        text = page.read_text(encoding="utf-8")
        assert "depot" in text
        assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?:", text)

    def test_rows_that_are_no_table(self, tmp_path):
        with pytest.raises(PageError, match="could not draw"):
            draw(csv(500), SCHEMA, b"", tmp_path / "page.html")
        assert list(tmp_path.iterdir()) == []
