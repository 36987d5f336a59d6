"""What is wrong with the JSON of a request for scores: every rule of the protocol checked one by one."""

from typing import Any

from model.serving.errors import Fault, RequestError, refused
from model.serving.formats.json_text import Repeated, parse
from model.serving.formats.values import FLOAT32_MAX, NotJson, describe
from model.serving.quoting import clean, encodes, shown

_VALUES = "a number, a text or null"


def find_fault(text: bytes) -> None:
    """Raises RequestError 400 for what is wrong with the JSON in `text`; returns when this finds nothing."""
    document = parse(text, "The request")
    if not isinstance(document, dict):
        raise refused(
            "invalid_request", f'Expected an object like {{"inputs": [...]}}, given {describe(document)}.'
        )
    _once(document, "The request")
    if "inputs" not in document:
        raise refused("invalid_request", 'The request has no "inputs".')
    for key in ("inputs", "outputs"):
        tensors = document.get(key)
        if tensors is None and key == "outputs":
            continue
        if not isinstance(tensors, list):
            raise refused("invalid_request", f'"{key}" has to be a list, given {describe(tensors)}.')
        for index, tensor in enumerate(tensors):
            _check(tensor, f"{key}[{index}]")


def _check(tensor: Any, where: str) -> None:
    if not isinstance(tensor, dict):
        raise refused("invalid_request", f"{where} has to be an object, given {describe(tensor)}.")
    _once(tensor, where)
    if not isinstance(name := tensor.get("name"), str):
        given = describe(name) if "name" in tensor else "nothing"
        raise refused("invalid_request", f"{where}: the name has to be a text, given {given}.")
    if isinstance(shape := tensor.get("shape"), list):
        for size in shape:
            if not isinstance(size, int) or isinstance(size, bool) or size < 0:
                raise tensor_error(name, f"a shape with {describe(size)}", "whole numbers from 0 in it")
    if isinstance(data := tensor.get("data"), list):
        _check_data(name, data)


def _check_data(name: str, data: list[Any]) -> None:
    for row, value in enumerate(data):
        for inner in value if isinstance(value, list) else (value,):
            if not _possible(inner):
                raise value_error(name, row, describe(inner), _VALUES)


def _possible(value: Any) -> bool:
    """Whether any datatype could have the value."""
    match value:
        case None:
            return True
        case bool() | NotJson():
            return False
        case int() | float():
            return abs(value) <= FLOAT32_MAX
        case str():
            return encodes(value)
        case _:
            return False


def _once(members: dict[str, Any], where: str) -> None:
    if isinstance(members, Repeated):
        raise refused("invalid_request", f"{where}: the key {shown(members.key)} is given twice.")


def value_error(name: str, row: int, given: str, expected: str) -> RequestError:
    """400 for one value of the input `name`."""
    fault = Fault(
        "invalid_field",
        f"In input {shown(name)}, row {row} (rows count from 0): given {given}, expected {expected}.",
        row=row,
        field=clean(name),
        given=given,
        expected=expected,
    )
    return RequestError(400, fault)


def tensor_error(name: str, given: str, expected: str) -> RequestError:
    """400 for the input `name` as a whole."""
    fault = Fault(
        "invalid_tensor",
        f"Input {shown(name)}: given {given}, expected {expected}.",
        field=clean(name),
        given=given,
        expected=expected,
    )
    return RequestError(400, fault)
