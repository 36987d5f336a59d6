"""`./slipway resume STAGE`: let a rollout go on that was held."""

from scripts.shared.cli import run
from scripts.shared.orders import command

COMMAND = command(
    "resume",
    summary="Let a rollout go on that was held.",
    reason="looked at, the scores are fine",
    done="goes on",
)

if __name__ == "__main__":
    run(COMMAND)
