"""What a command hands to later jobs of a CI run: the release that it brought.

GitHub names a file in GITHUB_OUTPUT, and makes an output of the step of each line NAME=VALUE in it. Every
command adds `release=ID` to it where its answer names a release and it came to its end, so that a later job
brings that release and no other; where the variable is not set nothing is written.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from release.domain import names

VARIABLE = "GITHUB_OUTPUT"


def lines(answer: Mapping[str, Any], code: int) -> str:
    """What a command that answered so and ended with `code` hands on: one line, or nothing."""
    release = answer.get("release")
    brought = code == 0 and isinstance(release, str) and names.is_release(release)
    return f"release={release}\n" if brought else ""


def leave(answer: Mapping[str, Any], code: int) -> OSError | None:
    """Append it to the file that CI names, if it names one; why that failed, or None."""
    file, text = os.environ.get(VARIABLE), lines(answer, code)
    if not file or not text:
        return None
    try:
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        return error
    return None
