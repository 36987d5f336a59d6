"""Writes the tables of docs/ci-roles.md anew: `python -m tests.infra.ci.roles_page`.

They are those of the repository's own stages; a role that each stage has is shown for the last one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from infra import policies
from infra.ci import limits
from infra.ci.grants import DEPLOYS, Grant
from infra.ci.roles import CiRole, roles
from infra.ci.stage_files import project_at
from tests.conftest import ROOT
from tests.infra.ci.examples import settings

DOCUMENT = ROOT / "docs/ci-roles.md"
_BEGIN, _END = "<!-- tests/infra/ci/roles_page.py writes from here -->\n", "<!-- to here -->\n"
_PLACE = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:")
_STATE = {"state_bucket": "your-states", "state_key": "arn:aws:kms:us-east-1:123456789012:key/your-key"}


def page(text: str) -> str:
    """The document with its tables anew."""
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n{tables()}\n{_END}{after}"


def tables() -> str:
    """Which roles there are, then what each is granted."""
    found = roles(settings(**_STATE), project_at(ROOT))
    last = found[-3].name.removeprefix("rollback-")
    shown = [
        role for role in found if not role.name.startswith(("promote-", "rollback-")) or last in role.name
    ]
    lines = ["| role | for | jobs in the environment |", "|---|---|---|"]
    lines += [f"| `{role.full_name}` | {role.job} | {_listed(role.environments)} |" for role in found]
    deploys = next(role for role in shown if role.name == f"promote-{last}")
    lines += ["", f"### What deploys {last}", "", *_head(), *_rows(_deploying(deploys))]
    for role in shown:
        whole = "all that deploys its stage, as above, and:" if _deploying(role) else "this and nothing else:"
        rest = [grant for grant in role.grants if grant not in _deploying(role)]
        lines += ["", f"### `{role.full_name}`", "", f"{role.job}; {whole}", "", *_head(), *_rows(rest)]
    return "\n".join(lines) + "\n"


def _deploying(role: CiRole) -> list[Grant]:
    """The grants of a whole stage's life; a rollback has a part of each."""
    whole = {"Serving", "Objects", "Alarms"} <= {grant.statement["Sid"] for grant in role.grants}
    return [grant for grant in role.grants if whole and grant.statement["Sid"] in {*DEPLOYS, *limits.WHY}]


def _head() -> list[str]:
    return ["| actions | on | why |", "|---|---|---|"]


def _rows(grants: Iterable[Grant]) -> Iterator[str]:
    for grant in grants:
        one = grant.statement
        never = "" if one["Effect"] == "Allow" else "**never** "
        named = [_PLACE.sub("", resource) for resource in policies.resources(one)]
        held = "; ".join(_held(one.get("Condition", {})))
        on = f"{_listed(named)}{held and f', where {held}'}"
        yield f"| {never}{_listed(one['Action'])} | {on} | {grant.why} |"


def _held(conditions: Mapping[str, Mapping[str, str | list[str]]]) -> Iterator[str]:
    """What has to be so besides, as a reader says it."""
    for condition in conditions.values():
        for key, values in condition.items():
            yield f"`{key}` is {_listed([values] if isinstance(values, str) else values)}"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def write(document: Path = DOCUMENT) -> None:
    """Write the document anew."""
    document.write_text(page(document.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
