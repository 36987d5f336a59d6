"""`./slipway findings STAGE`: what monitoring noticed about the live releases, open until it is closed."""

import argparse
import json

from monitoring import connect as monitoring
from monitoring.alerts import events, text
from monitoring.operations.telling import Told, tell_all
from scripts.shared import findings
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", help="the stage whose findings these are")
    parser.add_argument("--all", action="store_true", help="list those that were closed too")
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--close", metavar="ID", help="close one, with a reason: --because")
    does.add_argument("--text", metavar="ID", help="one as Markdown with its evidence, for an issue tracker")
    does.add_argument("--event", metavar="ID", help="one as an event of EventBridge, for retrain --event -")
    does.add_argument("--send", action="store_true", help="tell of what nobody could be told of so far")
    parser.add_argument("--because", metavar="TEXT", default="", help="why it is closed; kept in the ledger")


def _work(args: argparse.Namespace, out: Out) -> int:
    found = monitoring.room(out.tell, args.stage)
    if args.text:
        kept = found.findings.of(args.text)
        words = text.markdown(args.stage, kept)
        out.markdown(words)
        out.result({"finding": findings.values(kept), "text": words})
    elif args.event:
        out.text(json.dumps(events.event_of(found.ports.settings, found.findings.of(args.event)).envelope()))
    elif args.close:
        kept = found.findings.close(args.close, args.because)
        told = tell_all(found, out.tell)
        closed = f"[green]✓[/green] {kept.id} is closed: {findings.about(kept)}"
        out.result({**findings.of_telling(told), "closed": findings.values(kept)}, closed, *_waiting(told))
    elif args.send:
        told = tell_all(found, out.tell)
        out.result(
            findings.of_telling(told), f"{told.notices} told, {told.waiting} left to tell", *_waiting(told)
        )
        return 4 if told.failed else 0
    else:
        kept_all = found.findings.all() if args.all else found.findings.open()
        none = f"nothing is open in {args.stage}" if not args.all else "nothing was ever noticed"
        out.table(findings.table(kept_all) if kept_all else none)
        out.result({"stage": args.stage, "findings": [findings.values(kept) for kept in kept_all]})
    return 0


def _waiting(told: Told) -> list[str]:
    return [f"[yellow]! {whom}: {why}[/yellow]" for whom, why in told.failed.items()]


COMMAND = Command(
    name="findings",
    summary="What monitoring noticed about the live releases: listed, told as text, closed with a reason.",
    example='./slipway findings prod --close 5c0e9d1a7b42 --because "a holiday; labels of Monday confirm it"',
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
