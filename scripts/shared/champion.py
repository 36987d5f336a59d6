"""What `--champion` says, as the file that training compares with."""

from pathlib import Path

from model.files import write
from release import connect
from release.domain.errors import SlipwayError, UsageError
from release.ports import Event, Tell

NONE = "none"
HELP = (
    "what the new model must not rank worse than on the same rows: a stage, whose live model is fetched; a "
    "model.tar.gz; or none (default: what the last stage serves, where a pin says that any does)"
)


def of(asked: str | None, service: str, build: Path, tell: Tell) -> Path | None:
    """The model.tar.gz to compare with: a file as it is, a stage's live model fetched into `build`, or None.

    Nothing asked for is the last stage that serves the service, where a pin says so. Raises UsageError where
    that cannot be fetched: left out without a word, the model would be compared with nothing.
    """
    if asked == NONE:
        return None
    if asked and Path(asked).is_file():
        return Path(asked)
    from release.operations.champion import champion  # what asks AWS, only when it is asked

    world = connect.connect(tell)
    try:
        stages = world.stages.names
    except UsageError as error:
        if asked:
            raise
        tell(Event(f"no stage is looked into for a champion: {error.cause}", detail=True))
        return None
    if asked and asked not in stages:
        raise UsageError(
            f"--champion {asked} is no file, and no stage.",
            "Nothing was trained.",
            f"Name a stage ({', '.join(stages)}), a model.tar.gz, or none.",
        )
    try:
        found = champion(world, service, asked, tell)
    except Exception as error:
        known = error if isinstance(error, SlipwayError) else connect.explained(error)
        if known is None:
            raise
        raise UsageError(
            f"The live model could not be fetched to compare with: {known.cause}",
            "Nothing was trained.",
            f"{known.next_step} Or give its model.tar.gz, or compare with nothing: --champion none".strip(),
        ) from error
    if found is None:
        return None
    path = build / "champion" / f"{found.release}.tar.gz"
    write(path, found.model)
    return path
