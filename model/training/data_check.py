"""Whether a service's data is as the service says, before anything is trained. Pure functions of frames.

Every problem names its column, some of its rows (counted from 0 in the loaded table) and what to do.
`model.training.loading` looks at the files before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from model.contract import Service, Split
from model.declarations import ColumnType
from model.training.column_types import mistyped
from model.training.problems import Problem, no_column, refuse, renamed, rows, shown
from model.training.sensitive import sensitive

if TYPE_CHECKING:
    import pandas as pd

ZONES_HOURS = 14
"""So far ahead of UTC may a local time be that says no zone."""
LABEL_FIX = "drop the rows without a usable label in load"


def refuse_wrong(service: Service, table: "pd.DataFrame", split: Split, now: datetime) -> None:
    """Raise DataError where the table is not as the service says, or a selection cannot be used."""
    problems = [*_columns(service, table), *_size(service, table)]
    if not problems:
        problems = [
            *_types(service, table),
            *_missing(service, table),
            *_label(service, table),
            *_time(service, table, now),
            *_keys(service, table),
            *_rows(service, table, split),
        ]
    refuse(f"The data of {service.name}", problems)


def refuse_columns(service: Service, table: "pd.DataFrame") -> None:
    """Raise DataError where a column is not there, or there twice: such a table can be kept in no file."""
    refuse(f"The data of {service.name}", _columns(service, table))


def _declared(service: Service) -> dict[str, ColumnType | None]:
    """Every column that has to be there, and what it holds where that is declared."""
    features: dict[str, ColumnType | None] = {
        each.name: "number" if each.kind == "number" else "text" for each in service.features
    }
    besides = dict.fromkeys([service.label, *(each.column for each in (*service.slices, *service.protected))])
    return {**besides, **service.expected.columns, **features}


def _columns(service: Service, table: "pd.DataFrame") -> list[Problem]:
    there = list(map(str, table.columns))
    twice = sorted({name for name in there if there.count(name) > 1})
    wanted = _declared(service)
    gone = sorted(set(wanted) - set(there))
    new = renamed(gone, [name for name in there if name not in wanted])
    doubled = [
        Problem(f"its table has {name!r} more than once", f"have load keep one column {name!r}")
        for name in twice
    ]
    return [*doubled, *(no_column(name, there, new.get(name)) for name in gone)]


def _size(service: Service, table: "pd.DataFrame") -> list[Problem]:
    least, count = service.expected.least_rows, len(table)
    if not count:
        return [Problem("its table is empty", "look at what load reads and at what it drops")]
    if count < least:
        return [
            Problem(
                f"its table has {count:,} rows, up to row {count - 1}, and fewer than {least:,} mean that it "
                "was cut off",
                "get the data again, whole; or lower least_rows of the service's `expected`",
            )
        ]
    return []


def _types(service: Service, table: "pd.DataFrame") -> list[Problem]:
    wanted = _declared(service)
    if service.kind == "regression":
        wanted[service.label] = "number"
    found = []
    for name, kind in wanted.items():
        show = _hidden if name in sensitive(service) else shown
        problem = mistyped(name, table[name], kind, show) if kind else None
        if problem is not None:
            found.append(problem)
    return found


def _hidden(_: object) -> str:
    return "a value that is sensitive"


def _missing(service: Service, table: "pd.DataFrame") -> list[Problem]:
    found = []
    for feature in service.features:
        missing = _is_missing(table[feature.name])
        if missing.any() and not feature.nullable:
            # Such a golden request would be refused by the server, and the release fenced for it.
            what = f"{feature.name!r} is not nullable, and is missing in {rows(missing)}"
            found.append(
                Problem(what, f"fill or drop them in load, or say that {feature.name!r} is nullable")
            )
        elif missing.all():
            what = f"{feature.name!r} is missing in every row: a join that found nothing leaves this"
            found.append(Problem(what, f"look at the join or the file that brings {feature.name!r}"))
    for name, least in service.expected.known.items():
        missing = _is_missing(table[name])
        if 1 - missing.mean() < least:
            share = f"{1 - missing.mean():.1%} of the rows, which is less than {least:.1%}"
            what = f"{name!r} is known in {share}; it is missing in {rows(missing)}"
            found.append(Problem(what, f"look at the join or the file that brings {name!r}"))
    return found


def _is_missing(column: "pd.Series") -> Any:
    return column.isna().to_numpy()


def _label(service: Service, table: "pd.DataFrame") -> list[Problem]:
    label, name = table[service.label], repr(service.label)
    if (missing := _is_missing(label)).any():
        return [Problem(f"its label {name} is missing in {rows(missing)}", LABEL_FIX)]
    other = ~label.isin((0, 1)).to_numpy()
    if service.kind == "binary" and other.any():
        example = shown(label[other].iloc[0])
        what = f"its label {name} holds something else than 0 and 1 ({example}) in {rows(other)}"
        return [Problem(what, "make 0 and 1 of it in load")]
    unknown = ~label.isin(service.output.classes).to_numpy()
    if service.kind == "multiclass" and unknown.any():
        example = shown(label[unknown].iloc[0])
        what = f"its label {name} holds something else than its classes ({example}) in {rows(unknown)}"
        return [Problem(what, "name it among the classes of the service's output, or correct it in load")]
    return []


def _time(service: Service, table: "pd.DataFrame", now: datetime) -> list[Problem]:
    """Rows without a time, out of order, or of the future."""
    name = service.expected.time
    if name is None or mistyped(name, table[name], service.expected.columns[name] or "time"):
        return []
    column = table[name]
    found, missing = [], _is_missing(column)
    if missing.any():
        fix = f"drop them in load, or find out where {name!r} was lost"
        found.append(Problem(f"its time {name!r} is missing in {rows(missing)}", fix))
    back = (column < column.shift()).fillna(False).to_numpy(dtype=bool)
    if back.any():
        first = int(np.flatnonzero(back)[0])
        what = (
            f"it is not in the order of its time {name!r}: earlier than the row before in {rows(back)} "
            f"({column.iloc[first]} after {column.iloc[first - 1]})"
        )
        found.append(Problem(what, f"sort by {name!r} in load, or find out what shuffled the rows"))
    future = _of_the_future(column, now)
    if future.any():
        latest = column[future].iloc[0]
        what = f"its time {name!r} is of the future in {rows(future)}: {latest}; now is {now:%Y-%m-%d %H:%M}"
        fix = f"look at {name!r} in the source: a wrong unit or zone, or a day and month that changed places"
        found.append(Problem(what, fix))
    return found


def _of_the_future(column: "pd.Series", now: datetime) -> Any:
    import pandas as pd

    if not pd.api.types.is_datetime64_any_dtype(column):
        return np.zeros(len(column), dtype=bool)
    latest = pd.Timestamp(now)
    if column.dt.tz is None:
        latest = latest.tz_convert("UTC").tz_localize(None) + pd.Timedelta(hours=ZONES_HOURS)
    return (column > latest).to_numpy()


def _keys(service: Service, table: "pd.DataFrame") -> list[Problem]:
    keys = list(service.expected.keys)
    if not keys:
        return []
    named = " and ".join(map(repr, keys))
    found = [
        Problem(f"its key {name!r} is missing in {rows(missing)}", f"find out where {name!r} was lost")
        for name in keys
        if (missing := _is_missing(table[name])).any()
    ]
    twice = table.duplicated(keys, keep=False).to_numpy()
    if twice.any():
        what = f"{rows(twice)} share their key ({named}) with another row: doubled, or multiplied by a join"
        fix = "drop the doubles in load; join with merge(..., validate='many_to_one')"
        found.append(Problem(what, fix))
    return found


def _rows(service: Service, table: "pd.DataFrame", split: Split) -> list[Problem]:
    found = []
    for part in dict.fromkeys((split.train, split.validation, split.test, split.history)):
        labels = part.select(table)[service.label]
        if labels.empty:
            found.append(
                Problem(f"its split has no rows in {part.label}", "correct split, or load more data")
            )
        elif part not in (split.train, split.test, split.history):
            continue
        elif labels.nunique() == 1:
            always = f"{labels.iloc[0]} in every row of {part.label} ({len(labels):,})"
            fix = "choose rows of both kinds in split, or look at how the label is made"
            found.append(Problem(f"its label {service.label!r} is {always}", fix))
        elif absent := sorted(set(service.output.classes) - set(labels)):
            what = f"its split has no row of {shown(absent[0])} in {part.label}"
            found.append(Problem(what, "choose rows of every class in split, or leave out that class"))
    return [*found, *_shared(service, table, split)]


def _shared(service: Service, table: "pd.DataFrame", split: Split) -> Sequence[Problem]:
    """Rows that are learned from and measured, by their key: an index may have been made anew."""
    keys = list(service.expected.keys)
    if not keys:
        return ()
    test = split.test.select(table)[keys]
    learned = split.train.select(table)[keys].drop_duplicates()
    both = test.merge(learned, on=keys, how="left", indicator="where")["where"].eq("both").to_numpy()
    if not both.any():
        return ()
    where = f"{split.train.label} and in {split.test.label}"
    what = f"the same key is in {where}, learned from and measured: {rows(both)} of the latter"
    return (Problem(what, "have split keep them apart"),)
