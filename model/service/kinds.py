"""Which pipelines the service can train. Imports no library, so that a command's --help is quick."""

from typing import Literal, get_args

Kind = Literal["logistic", "boosting"]
KINDS: tuple[Kind, ...] = get_args(Kind)
