"""What a job runs to its end: an unpacked image, a command, an environment, and its own /opt/ml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.serving.images.store import Image

ML = "/opt/ml"
"""Where SageMaker's containers find what they are given, and leave what they made."""

ML_VARIABLE = "SAGEMAKER_BASE_DIR"
"""The variable from which SageMaker's own training toolkit takes another place than /opt/ml."""


@dataclass(frozen=True)
class Program:
    """One run of an image, until it ends.

    `folder` is the run's own: `ml` in it is its /opt/ml, `home` its HOME and `tmp` its TMPDIR.
    """

    image: Image
    region: str
    folder: Path
    entrypoint: Sequence[str] = ()
    """In the place of the image's own, where there is one."""
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def ml(self) -> Path:
        """What it sees as /opt/ml."""
        return self.folder / "ml"

    @property
    def words(self) -> list[str]:
        """The whole command; the image's Cmd stands in for arguments where its own entrypoint is run."""
        if self.entrypoint:
            return [*self.entrypoint, *self.arguments]
        own = self.image.config.get("Entrypoint") or []
        return [*own, *(self.arguments or self.image.config.get("Cmd") or [])]
