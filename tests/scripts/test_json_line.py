"""What `--json` prints is JSON for every reader of it, whatever a command's answer holds."""

import json
import math
from datetime import UTC, date, datetime
from pathlib import Path

from scripts.shared.cli import Out
from scripts.shared.json_line import json_line


def strictly(text: str):
    """Read as by programs that know of no NaN."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_figures_that_there_are_not_are_null_wherever_they_are():
    value = {"auc": math.nan, "days": ({"gap": -math.inf, "rows": 7}, [0.5, math.inf])}
    assert strictly(json_line(value)) == {"auc": None, "days": [{"gap": None, "rows": 7}, [0.5, None]]}


def test_times_have_the_form_that_all_read_and_other_things_their_text(capsys):
    at = datetime(2026, 11, 30, 8, tzinfo=UTC)
    Out(as_json=True).result(
        {"until": at, "day": date(2026, 11, 30), "hours": [(at, "x")], "file": Path("a")}
    )
    assert strictly(capsys.readouterr().out) == {
        "until": "2026-11-30T08:00:00+00:00",
        "day": "2026-11-30",
        "hours": [["2026-11-30T08:00:00+00:00", "x"]],
        "file": "a",
    }
