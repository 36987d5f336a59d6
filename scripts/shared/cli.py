"""What every command shares: arguments, progress, results, errors and exit codes.

A command is a `Command` value; `run` parses, runs it and exits. What a command does is an operation's.
Progress and errors go to stderr, the result to stdout, so that `--json` can be piped.
"""

import argparse
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, cast

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from scripts.shared import outputs
from scripts.shared.json_line import json_line
from scripts.shared.live import Watching
from scripts.shared.streams import Stream
from scripts.shared.summary import WIDTH, Summary

if TYPE_CHECKING:
    from release.ports import Event  # loads pydantic, which `./slipway help` needs not

INTERRUPTED = 130
UNWRITTEN = 4
STALE = 5
"""What a command wrote earlier is not what it would write now."""
JSON = "print the result as one JSON line; before it, {progress: ...} for each verdict on a watched step"


class Out:
    """Where a command speaks: steps and errors to people on stderr, one result on stdout."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.stdout, self.stderr = Stream(sys.stdout), Stream(sys.stderr)
        self._err = Console(file=cast(TextIO, self.stderr), highlight=False, soft_wrap=True)
        self._out = Console(file=cast(TextIO, self.stdout), highlight=False, soft_wrap=True)
        if not self._out.is_terminal:
            self._out.width = WIDTH
        self.summary = Summary()
        self.answer: dict[str, Any] = {}
        self._watching = Watching(self._err, as_json, self.note, self.text)

    def step(self, text: str) -> None:
        """One line about what happens next."""
        self._watching.close()
        self.summary.add("step", text)
        self._err.print(f"[bold]▸[/bold] {escape(text)}")

    def tell(self, event: "Event") -> None:
        """What an operation wants known: as a step, a detail under it, or how far a watched step is."""
        if event.progress is not None:
            self._watching.show(event.progress)
        elif event.text:
            (self.note if event.detail else self.step)(event.text)

    def note(self, text: str, style: str = "dim") -> None:
        """A detail under the last step."""
        self.summary.add("detail", text)
        self._err.print(f"  {escape(text)}", style=style)

    @contextmanager
    def waiting(self, text: str) -> Generator[None]:
        """Says what is waited for: a spinner on a terminal, one line elsewhere."""
        self._watching.close()
        if self._err.is_terminal:
            self.summary.add("step", text)
            with self._err.status(escape(text)):
                yield
        else:
            self.step(text)
            yield

    def result(self, value: dict[str, Any], *lines: str) -> None:
        """The command's answer: `value` as one JSON line with --json, else `lines` (rich markup)."""
        self._watching.close()
        self.answer = value
        for line in lines:
            self.summary.add("result", Text.from_markup(line))
        if self.as_json:
            self.text(json_line(value))
        else:
            for line in lines:
                self._out.print(line)

    def text(self, line: str) -> None:
        """Text on stdout as it is, to its end."""
        self.stdout.write(f"{line}\n")
        self.stdout.flush()

    def table(self, renderable: Any) -> None:
        """A rich renderable on stdout, for people only."""
        self.summary.add("table", renderable)
        if not self.as_json:
            self._out.print(renderable)

    def plain(self, text: str) -> None:
        """Text on stdout as it is, for people only."""
        if not self.as_json:
            self.text(text)

    def markdown(self, text: str) -> None:
        """A document on stdout as it is, for people only; the summary of a CI job holds it as it is, too."""
        self.summary.add("markdown", text)
        self.plain(text)

    def error(self, cause: str, *more: str) -> None:
        """A failure: its cause, then consequence and next step, each on a line of its own."""
        self._watching.close()
        if self.as_json:
            self.text(json.dumps({"error": cause, "more": [m for m in more if m]}))
        self.summary.add("error", cause)
        for line in filter(None, more):
            self.summary.add("result", line)
        self._err.print(f"[bold red]error:[/bold red] {escape(cause)}")
        for line in filter(None, more):
            self._err.print(f"  {escape(line)}")

    def end(self, code: int) -> int:
        """The exit code of a command that would end with `code`: an answer that got lost is no success.

        Where the reader went away (`| head`) it wanted no more.
        """
        self.stdout.flush()
        lost = self.stdout.lost
        if lost is None or isinstance(lost, BrokenPipeError):
            return code
        self._err.print(f"[bold red]error:[/bold red] The answer could not be written: {escape(str(lost))}")
        self._err.print("  The command itself came to its end; what it did stays, and is recorded.")
        self._err.print("  Free the space, or send its output elsewhere, then run the same command again.")
        return code or UNWRITTEN


@dataclass(frozen=True)
class Command:
    """One verb: `work(args, out)` returns the exit code, or None for 0."""

    name: str
    summary: str
    example: str
    work: Callable[[argparse.Namespace, Out], int | None]
    arguments: Callable[[argparse.ArgumentParser], None] = field(default=lambda parser: None)
    further: Callable[[argparse.ArgumentParser, Sequence[str]], None] = field(default=lambda *_: None)
    """Arguments that depend on others of the command line; an error of slipway's is told as one of `work`."""


def run(command: Command, argv: list[str] | None = None) -> NoReturn:
    """Parse `argv` (default: the process's own), run the command and exit with its code."""
    sys.exit(execute(command, sys.argv[1:] if argv is None else argv))


def execute(command: Command, argv: list[str]) -> int:
    """As `run`, but returns the exit code. argparse itself exits with 2 on wrong usage."""
    try:
        args = _parsed(command, argv)
    except Exception as error:  # of `further`
        out = Out("--json" in argv)
        if "--traceback" in argv or os.environ.get("SLIPWAY_TRACEBACK"):
            traceback.print_exc()
        return _ended(command, argv, out, _failed(error, out))
    out = Out(args.json)
    signal.signal(signal.SIGTERM, _as_interrupt)
    threading.excepthook = _thread_failed
    return _ended(command, argv, out, _worked(command, args, out))


def _ended(command: Command, argv: list[str], out: Out, code: int) -> int:
    """The exit code, once all that was told is where it belongs."""
    code = out.end(code)
    lost = out.summary.leave([command.name, *argv], code)
    if lost:
        out.note(f"the summary of the CI job could not be written: {lost}")
    lost = outputs.leave(out.answer, code)
    if lost:
        out.note(f"the release could not be handed to later CI jobs: {lost}")
    return code


def _parsed(command: Command, argv: list[str]) -> argparse.Namespace:
    out = Out()
    try:
        with redirect_stdout(cast(TextIO, out.stdout)):
            return _parser(command, argv).parse_args(argv)
    except SystemExit as end:  # it has printed help, or what is wrong
        raise SystemExit(out.end(end.code if isinstance(end.code, int) else 0)) from None


def _worked(command: Command, args: argparse.Namespace, out: Out) -> int:
    try:
        return command.work(args, out) or 0
    except KeyboardInterrupt:
        out.error(
            f"Interrupted: {command.name} stopped where the last line says.",
            "What was recorded stays; nothing is half-written.",
            "Run the same command again: it finishes the work or takes it back.",
        )
        return INTERRUPTED
    except Exception as error:
        if args.traceback or os.environ.get("SLIPWAY_TRACEBACK"):
            traceback.print_exc()
        return _failed(error, out)


def _failed(error: Exception, out: Out) -> int:
    code, lines = explain(error)
    out.error(*lines, *getattr(error, "__notes__", []))
    return code


def explain(error: Exception) -> tuple[int, list[str]]:
    """Exit code and lines (cause, consequence, next step) for any error.

    Errors that carry an `exit_code` explain themselves; those of boto3 and the system are translated;
    anything else is a defect and says so.
    """
    code = getattr(error, "exit_code", None)
    if code is not None:
        return code, str(error).splitlines() or [type(error).__name__]
    return _translated(error) or (
        4,
        [
            f"Unexpected {type(error).__name__}: {error}",
            "This is a defect, or a failure that slipway does not know yet; what was recorded stays.",
            "Run it again with --traceback and report what it prints.",
        ],
    )


def _translated(error: Exception) -> tuple[int, list[str]] | None:
    from release.connect import explained

    known = explained(error)
    if known is not None:
        return known.exit_code, str(known).splitlines()
    if isinstance(error, OSError):
        return 4, [
            f"The system refused: {error}",
            "What was recorded stays.",
            "Free the space or correct the permission that it names, then run the same command again.",
        ]
    return None


def _parser(command: Command, argv: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"slipway {command.name}",
        description=command.summary,
        epilog=f"example:\n  {command.example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.arguments(parser)
    try:
        command.further(parser, argv)
    except Exception:
        # Help is what somebody asks for who has got something wrong.
        if not {"-h", "--help"} & set(argv):
            raise
    parser.add_argument("--json", action="store_true", help=JSON)
    parser.add_argument("--traceback", action="store_true", help="show the traceback of a failure")
    return parser


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    """Ctrl-C closes pipes under the threads of the Automation API; the main thread says what happened."""
    if os.environ.get("SLIPWAY_TRACEBACK"):
        threading.__excepthook__(failure)


def _as_interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt
