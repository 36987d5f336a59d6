"""The pipeline `slipway-retraining`, and its compilation: `python -m integrations.kubeflow.pipeline`.

Every component runs one command of `release.domain.retraining_tasks` in the project's folder, which all of
them share by a claim, with the pod's own role: no secret is a parameter. Kubeflow caches nothing of it: what
was done already the commands themselves know, and a release out of a cache is one that nobody looked at.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from kfp import compiler, dsl, kubernetes
from kfp.dsl import Dataset, Input, Metrics, Model, Output

from release.domain.retraining_tasks import RETRY_SECONDS

MOUNT = "/slipway/project"
"""Where the claim with the project's clone is in every pod."""
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


def ingest(project: str, retry_seconds: int, data: Output[Dataset]) -> None:
    """The service's data as one file, with its version and SHA-256."""
    from integrations.kubeflow import steps

    steps.ingest(project, retry_seconds, data)


def validate(project: str, retry_seconds: int, data: Input[Dataset], found: Output[Metrics]) -> None:
    """What the data holds, in figures."""
    from integrations.kubeflow import steps

    steps.validate(project, retry_seconds, data, found)


def train(
    project: str, retry_seconds: int, data: Input[Dataset], model: Output[Model], found: Output[Metrics]
) -> None:
    """The model's artifact with its SHA-256, and what was measured of it."""
    from integrations.kubeflow import steps

    steps.train(project, retry_seconds, data, model, found)


def gate(project: str, retry_seconds: int, model: Input[Model], results: Output[Metrics]) -> None:
    """The gates' results."""
    from integrations.kubeflow import steps

    steps.gate(project, retry_seconds, model, results)


def release(project: str, retry_seconds: int, model: Input[Model], live: Output[Model]) -> None:
    """The release that the first stage serves: its artifact where the stage has it."""
    from integrations.kubeflow import steps

    steps.bring("release", project, retry_seconds, model, live)


def promote(project: str, retry_seconds: int, model: Input[Model], live: Output[Model]) -> None:
    """The same release in the second stage."""
    from integrations.kubeflow import steps

    steps.bring("promote", project, retry_seconds, model, live)


def push(project: str, retry_seconds: int, model: Input[Model]) -> None:
    """The pins that were committed reach the remote."""
    from integrations.kubeflow import steps

    steps.push(project, retry_seconds)


def pipeline(image: str, claim: str | None) -> Callable[..., object]:
    """The pipeline, with this image in every component and the project's folder from this claim."""

    def made(function: Callable[..., None]) -> Callable[..., dsl.PipelineTask]:
        component = dsl.component(function, base_image=image, install_kfp_package=False)

        def task(**arguments: object) -> dsl.PipelineTask:
            made = component(**arguments).set_caching_options(False)
            return kubernetes.mount_pvc(made, claim, MOUNT) if claim else made

        return task

    @dsl.pipeline(
        name="slipway-retraining", description="From data to a release that the second stage serves"
    )
    def retraining(project: str = MOUNT, retry_seconds: int = RETRY_SECONDS) -> Model:
        common = {"project": project, "retry_seconds": retry_seconds}
        data = made(ingest)(**common).outputs["data"]
        checked = made(validate)(**common, data=data)
        trained = made(train)(**common, data=data).after(checked)
        model = trained.outputs["model"]
        gated = made(gate)(**common, model=model)
        released = made(release)(**common, model=model).after(gated)
        promoted = made(promote)(**common, model=released.outputs["live"])
        made(push)(**common, model=promoted.outputs["live"])
        return promoted.outputs["live"]

    return retraining


def main(argv: list[str] | None = None) -> int:
    """Write the pipeline's file."""
    parser = argparse.ArgumentParser(
        prog="python -m integrations.kubeflow.pipeline", description=main.__doc__
    )
    add = parser.add_argument
    add("--image", required=True, metavar="REPO@sha256:…", help="this checkout with .venv, .tools and kfp")
    add("--claim", required=True, metavar="NAME", help="the volume claim that holds the project's clone")
    add("--out", required=True, type=Path, metavar="FILE", help="the YAML to write")
    args = parser.parse_args(argv)
    if not _DIGEST.fullmatch(args.image):
        print(
            f"error: {args.image} names no digest.\n"
            "  Another image could run tomorrow, so nothing was written.\n"
            "  Name it as REPO@sha256:…",
            file=sys.stderr,
        )
        return 2
    compiler.Compiler().compile(pipeline(args.image, args.claim), str(args.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
