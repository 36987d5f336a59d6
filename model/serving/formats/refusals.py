"""Rows that are refused while the other rows of their request are scored, for callers who ask for that.

Without it the first wrong row refuses the whole request.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from model.serving.errors import Fault, RequestError, refused
from model.serving.formats.limits import MAX_TOLD
from model.serving.models.columns import Columns
from model.serving.quoting import clean, shown

T = TypeVar("T")
ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
"""The only header of a caller's own that SageMaker hands on, and back."""
_WISH = "invalid-rows"
SENSITIVE = "a value that is sensitive"


class Refusals:
    """The refused rows of one request, and what is wrong with them."""

    def __init__(self, hidden: Collection[str] = ()) -> None:
        """What `hidden` features were given is not repeated."""
        self._hidden = hidden
        self.rows: set[int] = set()
        self._faults: dict[int, Fault] = {}

    def add(self, row: int, fault: Callable[[], Fault]) -> None:
        """Refuses `row`, which comes after all others; `fault` says what is wrong with it."""
        if len(self._faults) < MAX_TOLD:
            self._faults[row] = fault()
        self.rows.add(row)

    def add_rows(self, rows: Sequence[int], fault: Callable[[int], Fault]) -> None:
        """Refuses `rows`, in ascending order; `fault` says what is wrong with one of them."""
        for row in rows[:MAX_TOLD]:
            if row not in self.rows:
                self._faults[row] = fault(row)
        self.rows.update(rows)

    @property
    def faults(self) -> list[Fault]:
        """What is wrong with the first MAX_TOLD refused rows, in their order."""
        told = sorted(self._faults)[:MAX_TOLD]
        return [unquoted(self._faults[row], self._hidden) for row in told]

    def without(self, columns: Columns) -> Columns:
        """The rows of `columns` that are not refused."""
        if not self.rows:
            return columns
        keep = np.ones(columns.count, bool)
        keep[list(self.rows)] = False
        return Columns(int(keep.sum()), columns.numbers[:, keep], columns.categories[:, keep])

    def spread(self, scores: Sequence[T]) -> list[T | None]:
        """One entry for each row of the request: None for those that are refused."""
        left = iter(scores)
        return [None if row in self.rows else next(left) for row in range(len(scores) + len(self.rows))]


def wanted_refusals(headers: Mapping[str, str], hidden: Collection[str] = ()) -> Refusals | None:
    """Where to collect refused rows, when the caller asks with `invalid-rows=null` among its attributes.

    Other attributes, separated by comma or semicolon, are ignored. Raises RequestError 400 for another
    value.
    """
    attributes = headers.get(ATTRIBUTES)
    if attributes is None or _WISH not in attributes.lower():
        return None
    for attribute in attributes.replace(";", ",").split(","):
        name, _, value = attribute.partition("=")
        if name.strip().lower() != _WISH:
            continue
        match value.strip().lower():
            case "null":
                return Refusals(hidden)
            case "refuse":
                return None
            case other:
                raise refused(
                    "invalid_attribute",
                    f'{_WISH} is {shown(other)}, and can be "null" (score the other rows) or "refuse".',
                )
    return None


def unquoted(fault: Fault, hidden: Collection[str]) -> Fault:
    """The fault without what was given, where it is about a `hidden` feature: an answer may be kept."""
    if not fault.given or fault.field not in map(clean, hidden):
        return fault
    said = fault.message.replace(fault.given, SENSITIVE)
    return replace(fault, given=SENSITIVE, message=said)


def refuse(row: int, fault: Callable[[], Fault], refusals: Refusals | None) -> None:
    """Refuses `row` alone where that is wanted, or else the whole request: RequestError 400.

    With `refusals` it has to come after all other refused rows.
    """
    if refusals is None:
        raise RequestError(400, fault())
    refusals.add(row, fault)


def refuse_all(rows: Sequence[int], fault: Callable[[int], Fault], refusals: Refusals | None) -> None:
    """Refuses `rows`, in ascending order, alone where that is wanted, or else the request for the first."""
    if rows and refusals is None:
        raise RequestError(400, fault(rows[0]))
    if refusals is not None:
        refusals.add_rows(rows, fault)


def row_fault(
    row: int, field: str | None, given: str, expected: str, counted: str = "rows count from 0"
) -> Fault:
    """What is wrong with one row, or with one field of it."""
    where = f"row {row}" if field is None else f"row {row}, field {shown(field)}"
    return Fault(
        "invalid_row" if field is None else "invalid_field",
        f"In {where} ({counted}): given {given}, expected {expected}.",
        row=row,
        field=None if field is None else clean(field),
        given=given,
        expected=expected,
    )
