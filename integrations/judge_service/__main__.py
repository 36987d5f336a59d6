"""`python -m integrations.judge_service --folder DIR`: serves until it is told to stop."""

import fcntl
import os
import signal
import sys
import threading
from pathlib import Path

from integrations.judge_service import asking
from integrations.judge_service.rollouts import Rollouts
from integrations.judge_service.server import Server
from integrations.judge_service.settings import Settings, parse
from release.domain.errors import SlipwayError, UsageError


def _alone(folder: Path) -> None:
    """Keep a second service away for as long as this process lives. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    # A file of its own, open to be written: NFS locks nothing else.
    descriptor = os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError("another service has it open, and each would judge by half of the evidence") from None


def _opened(settings: Settings) -> tuple[Rollouts, Server]:
    """The evidence and the socket. Raises UsageError."""
    try:
        _alone(settings.folder)
        rollouts = Rollouts(settings.folder, settings.policy, settings.most_bytes, settings.most_rollouts)
        return rollouts, Server((settings.host, settings.port), rollouts)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{settings.folder} or port {settings.port} cannot be used: {error}",
            "The service did not start.",
            "Name a folder that this service has for itself (--folder), and a free port (--port).",
        ) from None


def main() -> int:
    """Serve; ends with 0 when it is told to stop, with 2 where it was told nonsense."""
    try:
        settings = parse(sys.argv[1:])
        rollouts, server = _opened(settings)
    except SlipwayError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code

    if settings.prometheus:
        threading.Thread(target=asking.follow, args=(settings.prometheus, rollouts), daemon=True).start()

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    host, port = server.server_address[:2]
    print(f"judging on http://{host}:{port}, evidence in {settings.folder}", flush=True)
    server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
