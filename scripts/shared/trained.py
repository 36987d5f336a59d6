"""What people are told of a training that ended: its gates, its warnings, the model and what comes next."""

from typing import TYPE_CHECKING

from scripts.shared.cli import Out

if TYPE_CHECKING:
    from model.training.finish import TrainResult


def tell(result: "TrainResult", out: Out) -> int:
    """Tell it; the exit code: 1 for a model that its gates refuse."""
    for gate in result.gates:
        mark, style = ("✓", "dim") if gate.passed else ("✗", "bold red")
        out.note(f"{mark} {gate.name}: {gate.reason}", style)
    for warning in result.warnings:
        out.note(f"warning: {warning}", "yellow")
    size, sha = result.evidence["model"]["size"] / 1000, result.evidence["model"]["sha256"][:12]
    what = f"{result.out}/model.tar.gz ({size:.0f} kB, sha256 {sha}…) in {result.seconds:.0f} s"
    if result.passed:
        told = [f"[green]passed[/green] {what}", f"Release it: ./slipway release --model {result.out}"]
    else:
        why = f"It fails {', '.join(result.failed)}; a release with this evidence will be refused."
        told = [f"[red]refused[/red] {what}", why]
    out.result(result.summary(), *told)
    return 0 if result.passed else 1
