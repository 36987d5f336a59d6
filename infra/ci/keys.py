"""Statements about keys of KMS. Pure.

A key's ARN says no name, so a key is told by its alias, which the stage's program has given it.
"""

from collections.abc import Sequence

from infra.policies import Statement

_HOW, _WHAT = "ForAnyValue:StringEquals", "kms:ResourceAliases"


def alone(statement: Statement) -> Statement:
    """A statement about keys and their aliases, on the keys alone."""
    return {**statement, "Resource": [arn for arn in statement["Resource"] if ":key/" in arn]}


def held(statement: Statement, aliases: Sequence[str]) -> Statement:
    """A statement about keys, held to those that have one of these aliases."""
    return {**statement, "Condition": {_HOW: {_WHAT: list(aliases)}}}


def aliases(statement: Statement) -> list[str]:
    """What a statement is held to by `held`."""
    return list(statement["Condition"][_HOW][_WHAT])
