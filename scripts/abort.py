"""`./slipway abort STAGE`: take the rollout under way back: its candidate gets no traffic, and it ends."""

from scripts.shared.cli import run
from scripts.shared.orders import command

COMMAND = command(
    "abort",
    summary="Take the rollout under way back: its candidate gets no traffic at once, and it ends.",
    reason="callers report wrong delays",
    done="was taken back; what served before serves",
)

if __name__ == "__main__":
    run(COMMAND)
