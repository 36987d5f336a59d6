"""`./slipway hold STAGE`: hold the rollout under way at its step, until it is resumed or aborted."""

from scripts.shared.cli import run
from scripts.shared.orders import command

COMMAND = command(
    "hold",
    summary="Hold the rollout under way at its step until it is resumed. A FAIL still takes it back.",
    reason="looking at the new scores first",
    done="is held at its step; ./slipway resume {stage} lets it go on",
)

if __name__ == "__main__":
    run(COMMAND)
