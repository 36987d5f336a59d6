"""`python -m sandbox up|env|status|down|faults`: the sandbox's commands.

Results go to stdout, everything else to stderr. Exit codes: 0 done; 2 usage, or something that the caller
can change; 4 the sandbox failed; 130 interrupted.
"""

import argparse
import json
import os
import re
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

from sandbox.core.settings import SandboxError, Settings

_EXAMPLE = """example:
  ./slipway sandbox up                      # start, in .sandbox of this folder
  eval "$(./slipway sandbox env)"           # speak to it: aws, boto3, crane, pulumi
  ./slipway sandbox status
  ./slipway sandbox faults add silent_rollback endpoint=delays-prod
  ./slipway sandbox down
  ./slipway sandbox up --runtime container  # images in real containers
"""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit."""
    args = _parser().parse_args(argv)
    try:
        sys.exit(args.work(args) or 0)
    except SandboxError as error:
        _report(args, str(error).splitlines())
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _report(args, ["Interrupted.", "Nothing is half-done: `sandbox status` says whether one runs."])
        sys.exit(130)
    except BrokenPipeError:
        _nothing_more_to(sys.stdout)
        sys.exit(0)
    except Exception as error:
        if os.environ.get("SLIPWAY_TRACEBACK"):
            traceback.print_exc()
        _report(
            args, [f"Unexpected {type(error).__name__}: {error}", "Set SLIPWAY_TRACEBACK=1 to see where."]
        )
        sys.exit(4)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--home", type=Path, default=Path(".sandbox"), help="its folder (default: .sandbox)")
    shared.add_argument("--json", action="store_true", help="one JSON line on stdout")
    parser = argparse.ArgumentParser(
        prog="sandbox",
        description="A local AWS whose SageMaker endpoints really serve.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, work: Any, text: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(
            name,
            parents=[shared],
            help=text,
            description=text,
            epilog=_EXAMPLE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(work=work)
        return sub

    _up_arguments(verb("up", _up, "start the sandbox and wait until it answers"))
    verb("env", _env, "print the variables that point AWS clients and Pulumi at it")
    verb("status", _status, "what runs: endpoints, fleets, processes, jobs")
    verb("down", _down, "end the sandbox and everything it started")
    faults = verb("faults", _faults, "list, add or clear faults")
    faults.add_argument("action", nargs="?", choices=["list", "add", "clear"], default="list")
    faults.add_argument(
        "words", nargs="*", metavar="KIND NAME=VALUE", help="for add: the fault; for clear: an id"
    )
    return parser


def _up_arguments(up: argparse.ArgumentParser) -> None:
    default = Settings(Path())
    up.add_argument("--port", type=int, default=4566, help="0 picks a free one (default: 4566)")
    up.add_argument("--foreground", action="store_true", help="serve here until Ctrl-C")
    up.add_argument(
        "--time-scale",
        type=float,
        default=default.time_scale,
        help="seconds of SageMaker's waiting per real second (default: %(default)s)",
    )
    up.add_argument(
        "--instance-cap",
        type=int,
        default=default.instance_cap,
        help="model servers that really run per variant (default: %(default)s)",
    )
    up.add_argument(
        "--ping-timeout",
        type=float,
        default=default.ping_timeout,
        help="seconds until a new instance must answer its ping (default: %(default)s)",
    )
    up.add_argument(
        "--runtime",
        choices=["process", "container"],
        default=default.runtime,
        help="what runs the images: this system's Python, or podman or docker (default: %(default)s)",
    )
    up.add_argument(
        "--container-memory",
        metavar="SIZE",
        default=default.container_memory,
        help="memory of one container, like 512m or 2g (default: %(default)s)",
    )
    up.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    up.add_argument("--end-with-stdin", action="store_true", help=argparse.SUPPRESS)


def _settings(args: argparse.Namespace) -> Settings:
    home = args.home.expanduser().absolute()
    if args.verb != "up":
        return Settings(home)
    if not 0 <= args.port <= 65535:
        raise SandboxError(f"--port {args.port} is no port.", "Nothing was started.", "Use 0 to 65535.")
    if args.time_scale <= 0 or args.instance_cap < 1 or args.ping_timeout <= 0:
        raise SandboxError(
            "--time-scale and --ping-timeout must be above 0, --instance-cap at least 1.",
            "Nothing was started.",
        )
    if not re.fullmatch(r"[1-9][0-9]*[kmg]", args.container_memory):
        raise SandboxError(
            f"--container-memory {args.container_memory} is no size.",
            "Nothing was started.",
            "Use 512m or 2g.",
        )
    return Settings(
        home=home,
        port=args.port,
        time_scale=args.time_scale,
        instance_cap=args.instance_cap,
        ping_timeout=args.ping_timeout,
        runtime=args.runtime,
        container_memory=args.container_memory,
        end_with_stdin=args.end_with_stdin,
    )


def _up(args: argparse.Namespace) -> None:
    settings = _settings(args)
    if args.foreground:
        return _foreground(args, settings)
    from sandbox.control import daemon

    if not args.json:
        print(f"starting a sandbox in {settings.home}", file=sys.stderr)
    record = daemon.start(settings)
    already = "already runs" if record.get("already_running") else "runs"
    _print(args, record, f"The sandbox {already} at {record['endpoint_url']} (pid {record['pid']}).")
    return None


def _foreground(args: argparse.Namespace, settings: Settings) -> None:
    from sandbox.control.home import running_record
    from sandbox.control.server import AlreadyRunningError, run

    def tell(message: dict[str, Any]) -> None:
        if args.ready_fd is None:
            _print(args, message, f"The sandbox runs at {message['endpoint_url']}; Ctrl-C ends it.")
        else:
            with os.fdopen(args.ready_fd, "w") as pipe:
                pipe.write(json.dumps(message) + "\n")

    try:
        run(settings, tell)
        print("The sandbox is down.", file=sys.stderr)
    except AlreadyRunningError:
        tell({**(running_record(settings) or {}), "already_running": True})
    except Exception as error:
        if args.ready_fd is not None:
            known = isinstance(error, SandboxError)
            lines = str(error).splitlines() if known else [f"Unexpected {type(error).__name__}: {error}"]
            with suppress(OSError):  # it was ready before, and the caller has gone
                tell({"error": lines, "exit_code": error.exit_code if known else 4})
        raise


def _env(args: argparse.Namespace) -> None:
    from sandbox.control.environment import environment, export_lines

    settings = _settings(args)
    variables = environment(settings, _record(settings))
    _print(args, variables, *export_lines(variables))


def _status(args: argparse.Namespace) -> None:
    settings = _settings(args)
    status = _ask(settings, "GET", "status")
    lines = [f"{status['endpoint_url']}  pid {status['pid']}  {status['home']}", status["time"]]
    for endpoint in status["endpoints"]:
        lines.append(f"{endpoint['name']}: {endpoint['status']} on {endpoint['config']}")
        for deployment in endpoint["deployments"]:
            for fleet in deployment["fleets"]:
                pids = ", ".join(
                    f"{i['pid']}{'' if i['healthy'] else ' (not healthy)'}" for i in fleet["instances"]
                )
                lines.append(
                    f"  {deployment['role']} {fleet['variant']}: {deployment['traffic']:.0%} of traffic, "
                    f"{fleet['count']} instances ({fleet['simulated']} simulated), pids {pids}"
                )
    lines += [f"{job['kind']} job {job['name']}: {job['status']}" for job in status["jobs"]]
    _print(args, status, *lines)


def _down(args: argparse.Namespace) -> None:
    from sandbox.control import daemon

    settings = _settings(args)
    record = daemon.stop(settings)
    if record is None:
        _print(args, {"stopped": False, "home": str(settings.home)}, f"No sandbox runs in {settings.home}.")
    else:
        _print(args, {"stopped": True, **record}, f"The sandbox in {settings.home} is down.")


def _faults(args: argparse.Namespace) -> None:
    settings = _settings(args)
    if args.action == "add":
        if not args.words:
            raise SandboxError("faults add needs a kind.", "Example: faults add slow_ping seconds=3")
        fault: dict[str, Any] = {"kind": args.words[0]}
        for word in args.words[1:]:
            name, found, value = word.partition("=")
            if not found:
                raise SandboxError(f"{word!r} is no NAME=VALUE.", "Nothing was changed.")
            fault[name] = value
        answer = _ask(settings, "POST", "faults", fault)
        _print(args, answer, f"fault {answer['id']} waits: {answer['kind']}")
    elif args.action == "clear":
        path = f"faults/{args.words[0]}" if args.words else "faults"
        answer = _ask(settings, "DELETE", path)
        _print(args, answer, f"{answer['removed']} faults cleared")
    else:
        answer = _ask(settings, "GET", "faults")
        kinds = [f"{kind}: {text}" for kind, text in answer["kinds"].items()]
        _print(
            args, answer, *[json.dumps(fault) for fault in answer["waiting"]] or ["none wait; kinds:", *kinds]
        )


def _record(settings: Settings) -> dict[str, Any]:
    from sandbox.control.home import read_record

    record = read_record(settings)
    if record is None:
        raise SandboxError(
            f"No sandbox runs in {settings.home}.", "Nothing was done.", "Start one: ./slipway sandbox up"
        )
    return record


def _ask(settings: Settings, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to `/_sandbox/` of the running sandbox. Raises SandboxError."""
    import http.client

    record = _record(settings)
    connection = http.client.HTTPConnection("127.0.0.1", record["port"], timeout=30)
    try:
        connection.request(method, f"/_sandbox/{path}", json.dumps(body) if body else None)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except OSError as error:
        raise SandboxError(f"The sandbox does not answer: {error}", exit_code=4) from error
    finally:
        connection.close()
    if response.status >= 400:
        raise SandboxError(answer["error"], "Nothing was changed.")
    return answer


def _print(args: argparse.Namespace, value: dict[str, Any], *lines: str) -> None:
    try:
        print(json.dumps(value) if args.json else "\n".join(lines), flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        _nothing_more_to(sys.stdout)
        raise SandboxError(
            f"The answer could not be written: {error}",
            "What the command did stays.",
            "Free the space, or send its output elsewhere, then run it again.",
            exit_code=4,
        ) from error


def _nothing_more_to(stream: TextIO) -> None:
    """What Python still holds for a stream that takes nothing must not fail when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _report(args: argparse.Namespace, lines: list[str]) -> None:
    if args.json:
        print(json.dumps({"error": lines[0], "more": lines[1:]}), flush=True)
    print(f"error: {lines[0]}", *(f"  {line}" for line in lines[1:]), sep="\n", file=sys.stderr)
