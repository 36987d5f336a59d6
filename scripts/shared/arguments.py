"""Arguments that several commands have, under one name and with one meaning."""

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import get_args

from model import space
from model.contract import Service
from model.errors import ServiceError
from model.space import Parameters
from release.domain.pins import Strategy

_OWN = "own."
SET = (
    "a parameter of the pipeline, of those in the service's space; tune searches the others; may be repeated"
)
ENDPOINT = "the endpoint; may be left out where the stage has only one"


def endpoint(parser: argparse.ArgumentParser) -> None:
    """`--endpoint NAME`."""
    parser.add_argument("--endpoint", metavar="NAME", default=None, help=ENDPOINT)


def skip(parser: argparse.ArgumentParser) -> None:
    """`--skip` and `--reason TEXT`: leaving stages out on purpose."""
    parser.add_argument(
        "--skip", action="store_true", help="leave the stages in between out, with a --reason"
    )
    reason(parser)


def reason(parser: argparse.ArgumentParser) -> None:
    """`--reason TEXT`."""
    text = "why; kept in the stage's ledger, and in the commit of its file"
    parser.add_argument("--reason", metavar="TEXT", default="", help=text)


def no_commit(parser: argparse.ArgumentParser) -> None:
    """`--no-commit`: what changes in a stage's file is left as it is."""
    text = "leave the changed stage file to be committed by hand"
    parser.add_argument("--no-commit", dest="commits", action="store_false", help=text)


def word(parser: argparse.ArgumentParser) -> None:
    """`RELEASE --stage STAGE --reason TEXT`: a person's word about a release."""
    parser.add_argument("release", metavar="RELEASE", help="the release, by its id (./slipway status)")
    parser.add_argument("--stage", metavar="STAGE", required=True, help="the stage that it is to enter")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; kept in the stage's ledger")


def strategy(parser: argparse.ArgumentParser) -> None:
    """`--strategy NAME`: another than the stage's own."""
    parser.add_argument(
        "--strategy",
        choices=get_args(Strategy),
        default=None,
        help="another way to move traffic than the stage's own, where its data allows it",
    )


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """The type of an argument that is a whole number within these bounds."""

    def number(text: str) -> int:
        beyond = most is not None and text.isdecimal() and int(text) > most
        if not text.isdecimal() or int(text) < least or beyond:
            bounds = f"of {least} or more" if most is None else f"from {least} to {most}"
            raise argparse.ArgumentTypeError(f"{text} is no whole number {bounds}")
        return int(text)

    return number


def hour(text: str) -> datetime:
    """Parse an hour, in UTC unless it says another zone; of a moment the hour that it lies in."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no hour, as 2026-11-30T02 is") from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.replace(minute=0, second=0, microsecond=0)


def given(argv: Sequence[str], option: str) -> str | None:
    """The value of one option, before it is known which others there are."""
    alone = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    alone.add_argument(option, dest="value")
    return alone.parse_known_args(argv)[0].value


def of_service(parser: argparse.ArgumentParser, service: Service) -> None:
    """`--model` with the service's models, and its own options."""
    add = parser.add_argument
    add("--model", choices=service.models, default=service.models[0], help="the pipeline")
    add("--set", dest="parameters", metavar="NAME=VALUE", action="append", default=[], help=SET)
    for name, option in service.options.items():
        add(f"--{name}", dest=_OWN + name, metavar="TEXT", default=option.default, help=option.help)


def parameters(args: argparse.Namespace, service: Service) -> Parameters:
    """What was given by `--set`. Raises ServiceError for what the service's space has not."""
    given = dict(text.partition("=")[::2] for text in args.parameters)
    try:
        return space.parameters(service.space(args.model), given)
    except ValueError as error:
        raise ServiceError(
            f"--set of {service.name}'s {args.model} is wrong: {error}.",
            "Nothing was trained.",
            "Give NAME=VALUE of the service's space (docs/own-model.md).",
        ) from error


def over_the_rule(parser: argparse.ArgumentParser, service: Service) -> None:
    """The same for a retrain: what is not given is None, as the champion or the service's rule says it."""
    add = parser.add_argument
    add("--model", choices=service.models, help="the pipeline (default: the champion's)")
    for name, option in service.options.items():
        add(
            f"--{name}",
            dest=_OWN + name,
            metavar="TEXT",
            help=f"in the place of what the rule says: {option.help}",
        )


def own(args: argparse.Namespace, service: Service) -> dict[str, str]:
    """What was given for the service's own options."""
    found = {name: getattr(args, _OWN + name) for name in service.options}
    return {name: value for name, value in found.items() if value is not None}
