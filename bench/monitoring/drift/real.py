"""July to December, as they were: what is found in which month, and what the model was worth in it.

And the practices on months without drift, with Evidently's own code beside what stands for it here.
"""

import json
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from bench.monitoring.drift import campaign, streams
from bench.monitoring.drift.practices import EVIDENTLY_LIMIT, PSI_LIMITS, Evidently, Psi
from bench.monitoring.drift.source import Source, source
from bench.monitoring.drift.streams import Day
from demo.project import ROOT
from model.service.service import SERVICE
from monitoring.counts import SCORE
from monitoring.drift.decide import decide, new

FILE, PEERS = "real.json", "peers.json"
PEER_RUNS = 10
PROGRAM = Path(__file__).parent / "programs" / "evidently_days.py"


def measure() -> None:
    """Both, kept as JSON."""
    held = source(ROOT / ".build")
    (campaign.FOLDER / FILE).write_text(json.dumps(_months(held)), encoding="utf-8")
    (campaign.FOLDER / PEERS).write_text(json.dumps(_peers(held)), encoding="utf-8")


def _months(held: Source) -> list[dict[str, Any]]:
    days = streams.days(held.after, held.reference)
    hours = [
        hour
        for day in days
        for hour in streams.hours(day, np.ones(len(day.hour), dtype=np.int64), day.date, held.layout)
    ]
    state = new(streams.ENDPOINT, streams.RELEASE, held.reference)
    decision = decide(held.reference, state, hours, hours[-1].hour + timedelta(hours=1))
    psi, tests = Psi(held.reference), Evidently(held.reference, [_sample(held)])
    before = float(held.table["late"].mean()), float(held.table[SCORE].mean())
    found = []
    for month in range(int(held.after["month"].min()), int(held.after["month"].max()) + 1):
        rows = held.after[held.after["month"] == month]
        these = [day for day in days if day.date.month == month and len(day.hour) > len(rows) / 100]
        times = [np.ones(len(day.hour), dtype=np.int64) for day in these]
        of_psi = [psi.of_columns(_counted(day, held)) for day in these]
        drifted = [tests.drifted(*each) for each in zip(these, times, strict=True)]
        whole = psi.of_columns(np.sum([_counted(day, held) for day in these], axis=0))
        noticed = [each for each in decision.noticed if (each.noticed - timedelta(hours=1)).month == month]
        found.append(
            {
                "month": month,
                "rows": len(rows),
                "auc": float(roc_auc_score(rows["late"], rows[SCORE])),
                "bias": float(rows[SCORE].mean() - rows["late"].mean()),
                "reference": {"late": before[0], "score": before[1]},
                "found": [f"{each.kind} {each.subject}" for each in noticed if each.noticed.year == 2013],
                "new_year": [each.subject for each in noticed if each.noticed.year > 2013],
                "psi": dict(zip(held.reference.names, whole, strict=True)),
                "psi_days": sum(max(each) > PSI_LIMITS[1] for each in of_psi),
                "evidently_days": sum(bool(each) for each in drifted),
                "evidently_half": sum(2 * len(each) >= len(held.reference.names) for each in drifted),
                "days": len(these),
            }
        )
    return found


def _peers(held: Source) -> list[dict[str, Any]]:
    """Evidently's tests in months without drift, and its own code in one of them."""
    tests = Evidently(held.reference, [_sample(held)])
    days = streams.days(held.table, held.reference)
    found = []
    for rows in campaign.VOLUMES:
        months = []
        for seed in range(campaign.FIRST_SEED, campaign.FIRST_SEED + PEER_RUNS):
            drawn = _drawn(days, rows, seed)
            months.append([len(tests.drifted(day, times)) for day, times in drawn])
        found.append({"rows": rows, "months": months, "columns": len(held.reference.names)})
    own = _own_code(held, _drawn(days, campaign.VOLUMES[0], campaign.FIRST_SEED))
    ours = [
        sorted(tests.drifted(day, times))
        for day, times in _drawn(days, campaign.VOLUMES[0], campaign.FIRST_SEED)
    ]
    alike = sum(sorted(each) == mine for each, mine in zip(own, ours, strict=True))
    return [*found, {"own_code_days": len(own), "alike": alike, "limit": EVIDENTLY_LIMIT}]


def _drawn(days: list[Day], rows: int, seed: int) -> list[tuple[Day, np.ndarray]]:
    """The days of `streams.month` with this seed, and how often each of their rows was asked."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(campaign.LENGTH):
        day = days[rng.integers(len(days))]
        found.append((day, rng.multinomial(rows, np.full(len(day.hour), 1 / len(day.hour)))))
    return found


def _own_code(held: Source, drawn: list[tuple[Day, np.ndarray]]) -> list[list[str]]:
    """What Evidently itself says of these days; empty where it is not installed."""
    python = ROOT / ".tools" / "evidently" / "bin" / "python"
    if not python.is_file():
        return []
    ordered = held.table.sort_values("departure", kind="stable")
    dates = ordered["departure"].dt.floor("D")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        held.sample.to_csv(place / "reference.csv", index=False)
        (place / "schema.json").write_text(json.dumps(SERVICE.input_schema()), encoding="utf-8")
        for number, (day, times) in enumerate(drawn):
            rows = ordered[(dates == pd.Timestamp(day.date)).to_numpy()]
            rows.iloc[np.repeat(np.arange(len(rows)), times)].to_csv(
                place / f"day-{number:02}.csv", index=False
            )
        command = [str(python), "-I", str(PROGRAM), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout.splitlines()[-1]))


def _sample(held: Source) -> Day:
    """`reference.csv` as if it were one day."""
    rows = held.sample.assign(departure=pd.Timestamp("2013-01-01", tz="UTC"))
    return streams.days(rows, held.reference)[0]


def _counted(day: Day, held: Source) -> np.ndarray:
    return np.bincount(day.cells.ravel(), minlength=held.layout.width)
