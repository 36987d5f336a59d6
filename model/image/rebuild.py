"""The image, built and compared with an earlier one: the last that was built here, or one that is named."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.image.build import BuildOptions, BuiltImage, Progress, build_image
from model.image.changes import Change, changes
from model.image.errors import ImageError
from model.image.record import Record, read_record, record
from model.image.registry import push
from model.image.training import TrainingCode, build_training_image

_LAST, _LAST_TRAINING = "last.json", "last-training.json"
_SHOWN = 40
"""Changes that people see; the rest is in the summary."""


@dataclass(frozen=True)
class Rebuilt:
    """A built image, what it holds, and how it differs from `before` (None: there is no earlier one)."""

    image: BuiltImage
    record: Record
    before: Record | None
    changes: tuple[Change, ...]
    pushed: str | None
    """`repository@digest`, where it was pushed."""

    def summary(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **self.record.summary(),
            "runtime": self.image.runtime,
            "path": str(self.image.path),
            "pushed": self.pushed,
            "compared_with": self.before.digest if self.before else None,
            "changes": [change.record() for change in self.changes],
        }

    def layers(self) -> list[tuple[str, str, str, str]]:
        """What each layer holds, its size compressed and unpacked, its digest; the last row is the total."""
        rows = [
            (layer.holds, _megabytes(layer.size), _megabytes(layer.unpacked), layer.digest)
            for layer in self.record.layers
        ]
        whole = self.record
        return [*rows, ("total", _megabytes(whole.size), _megabytes(whole.unpacked), whole.digest)]

    def lines(self) -> list[str]:
        """For people: what was built, and why its digest is another one."""
        image, own = self.image, _megabytes(sum(layer.size for layer in self.record.own))
        lines = [f"{image.digest} for Python {image.python}, {image.runtime}; without base {own} compressed"]
        if self.before is None:
            return [*lines, "There is no earlier image to compare with."]
        if not self.changes:
            return [*lines, f"Nothing changed: the same digest as {self.before.digest[:19]}…"]
        lines.append(f"The digest changed, against {self.before.digest[:19]}…, because of:")
        lines += [f"  {change}" for change in self.changes[:_SHOWN]]
        if len(self.changes) > _SHOWN:
            lines.append(f"  … and {len(self.changes) - _SHOWN} more (--json tells all)")
        return lines


def rebuild(
    options: BuildOptions,
    against: str | None,
    target: str | None,
    progress: Progress,
    code: TrainingCode | None = None,
) -> Rebuilt:
    """Builds the image and compares it with the one whose digest is `against`, by default the last one.

    With `code` it is the training image of that service. It goes to the registry's repository `target` too,
    if one is named. Raises ImageError where the cache does not hold `against`, and what building and pushing
    raise.
    """
    last = options.cache / (_LAST_TRAINING if code else _LAST)
    before = _earlier(against, options.cache, last)
    built = build_training_image(options, code, progress) if code else build_image(options, progress)
    after = record(built)
    found = tuple(changes(before, after)) if before else ()
    pushed = push(built, target) if target else None
    _remember(last, built)
    return Rebuilt(built, after, before, found, pushed)


def remember(cache: Path, built: BuiltImage) -> None:
    """This is the last image that was built in `cache`, by whatever command: the next is compared with it."""
    _remember(cache / _LAST, built)


def _remember(last: Path, built: BuiltImage) -> None:
    last.write_text(json.dumps({"digest": built.digest}))


def _earlier(against: str | None, cache: Path, last: Path) -> Record | None:
    digest = against or (json.loads(last.read_text())["digest"] if last.is_file() else "")
    folder = cache / "images" / digest.removeprefix("sha256:")
    if digest and (folder / "index.json").is_file():
        return read_record(folder)
    if against:
        raise ImageError(
            f"The cache {cache} holds no image {against}.",
            "Nothing was built.",
            "Name one by its whole digest; ls .build/image/images tells them.",
        )
    return None


def _megabytes(size: int) -> str:
    """Bytes as people read them: 48.20 MB."""
    return f"{size / 1e6:.2f} MB"
