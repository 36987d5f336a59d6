"""`python -m integrations.judge_service --folder DIR`: serves until it is told to stop."""

import signal
import sys
import threading

from integrations.judge_service import asking
from integrations.judge_service.rollouts import Rollouts
from integrations.judge_service.server import Server
from integrations.judge_service.settings import parse
from release.domain.errors import SlipwayError


def main() -> int:
    """Serve; ends with 0 when it is told to stop, with 2 where it was told nonsense."""
    try:
        settings = parse(sys.argv[1:])
    except SlipwayError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    rollouts = Rollouts(settings.folder, settings.policy, settings.most_bytes, settings.most_rollouts)
    server = Server((settings.host, settings.port), rollouts)

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
