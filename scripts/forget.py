"""`./slipway forget STAGE --inference-id ID | --subject C=V | --day DAY`: deletes captured records."""

import argparse
from dataclasses import asdict

from monitoring import connect as monitoring
from monitoring.operations.forget import Done, Order, forget
from scripts.shared import arguments, selectors
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", help="the stage whose captured records these are")
    arguments.endpoint(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--inference-id", metavar="ID", type=selectors.request, dest="selector", help="of one request"
    )
    which.add_argument(
        "--subject",
        metavar="COLUMN=VALUE",
        type=selectors.subject,
        dest="selector",
        help="of all requests with a row of this value, kept as it is or as its hash",
    )
    which.add_argument(
        "--day", metavar="YYYY-MM-DD", type=selectors.day, dest="selector", help="of one day (UTC)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    arguments.reason(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    room = monitoring.room(out.tell, args.stage)
    order = Order(args.selector, args.reason, args.dry_run)
    with room.world.explaining():
        erasure = monitoring.erasure(room.ports)
        done = forget(room.ports, erasure, monitoring.selected, args.endpoint, order, out.tell)
    said = asdict(done) | {"places": [one.model_dump() for one in done.places]}
    out.result(said, *_words(done, args.dry_run))
    return 0 if done.whole else 3


def _words(done: Done, dry: bool) -> list[str]:
    went = f"{done.records:,} records in {done.files:,} files, {done.versions:,} versions of objects"
    lines = [f"{went} would be deleted" if dry else f"[green]✓[/green] {went} are deleted: {done.id}"]
    if done.hours and not dry:
        lines.append(f"./slipway monitor {done.stage} counts what is left of {', '.join(done.hours)}")
    lines += [f"  {one.found:,} in {one.place}" for one in done.places if one.found]
    lines += [
        f"[yellow]! {count:,} in {uri} cannot be read, and nobody can tell whose they are[/yellow]"
        for uri, count in done.unread.items()
    ]
    lines += [
        f"[yellow]! {count:,} lines of {uri} are about it: have whoever writes them delete them[/yellow]"
        for uri, count in done.owned.items()
    ]
    if not done.whole:
        lines.append("It is not whole: what is named above is still there (docs/monitoring.md, Forgetting)")
    return lines


COMMAND = Command(
    name="forget",
    summary="Delete captured records of one request, subject or day from every version, with proof.",
    example="./slipway forget prod --subject tailnum=N725MQ --reason 'asked by its owner'",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
