"""Results that several commands tell in the same words."""

from release.operations.land import Landed


def landed(result: Landed) -> str:
    """A release that is live, as rich markup."""
    verb = "is live in" if result.changed else "was live already in"
    proven = "config, weights, digest and answers verified"
    return f"[green]✓[/green] {result.release} {verb} {result.stage}: {proven}"
