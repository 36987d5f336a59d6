"""The locked requirements of the image: newer ones, what they change, and the files that name them.

Resolving is uv's. Only `apply` writes to the repository, and it puts everything back when it fails.
"""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from model.image.errors import UpdateError
from model.image.locked import PIN, pins

SERVING = Path("model", "serving")
INPUT, LOCK = SERVING / "requirements.in", SERVING / "requirements.txt"
SHARED = (
    Path("requirements.txt"),
    Path("model", "requirements.txt"),
    Path("model", "training", "requirements.in"),
    Path("sandbox", "requirements.txt"),
    Path("requirements-dev.txt"),
)
"""Files that pin some of the same packages, for training, commands and tests."""
ALL = Path("requirements.lock")
TRAINING = Path("model", "training", "requirements.txt")
"""The lock of the training image, which has what ALL has."""
_COMPILE = ("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--no-header")


@dataclass(frozen=True)
class LockChange:
    """A package of another version; None where one lock does not have it."""

    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.before or '(new)'} -> {self.after or '(gone)'}"

    def record(self) -> dict[str, str | None]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Proposal:
    """Newer requirements: the text of both files, and what they change."""

    requirements: str
    lock: str
    changes: tuple[LockChange, ...]


def differences(before: str, after: str) -> tuple[LockChange, ...]:
    """What two locks pin differently, by name."""
    old, new = pins(before), pins(after)
    names = sorted({*old, *new})
    return tuple(
        LockChange(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    )


def unpinned(requirements: str, names: Iterable[str]) -> str:
    """`requirements` without the versions of `names`, so that a resolver may choose them."""
    free = {name.lower() for name in names}
    return PIN.sub(
        lambda found: found["name"] + (found["extras"] or "") if found["name"].lower() in free else found[0],
        requirements,
    )


def repinned(requirements: str, versions: Mapping[str, str]) -> str:
    """`requirements` with the pins of `versions` where it names those packages; all else as it was."""
    return PIN.sub(
        lambda found: (
            f"{found['name']}{found['extras'] or ''}=={versions.get(found['name'].lower(), found['version'])}"
        ),
        requirements,
    )


def propose(root: Path, uv: Path, names: Iterable[str], work: Path) -> Proposal:
    """The newest requirements that fit together: of `names`, or of all when there are none.

    `root` is the repository, `work` an empty folder. Raises UpdateError where nothing fits, or a name is none
    of the image's.
    """
    written, locked = (root / INPUT).read_text(encoding="utf-8"), (root / LOCK).read_text(encoding="utf-8")
    wanted = {name.lower() for name in names}
    if unknown := wanted - pins(locked).keys():
        raise UpdateError(
            f"The image has no package {', '.join(sorted(unknown))}.",
            "Nothing was changed.",
            f"Name some of {', '.join(pins(locked))}.",
        )
    folder = work / SERVING
    folder.mkdir(parents=True)
    (work / INPUT).write_text(unpinned(written, wanted or pins(written)), encoding="utf-8")
    (work / LOCK).write_text(locked, encoding="utf-8")
    upgrade = [part for name in sorted(wanted) for part in ("--upgrade-package", name)] or ["--upgrade"]
    # one version for all Pythons that we support, so that a pin can name it
    fewest = ("--fork-strategy", "fewest")
    compile_lock(uv, work, "--generate-hashes", *fewest, *upgrade, str(INPUT), "-o", str(LOCK))
    newest = pins((work / LOCK).read_text(encoding="utf-8"))
    requirements = repinned(written, newest)
    (work / INPUT).write_text(requirements, encoding="utf-8")
    # once more with the pins in place, so that the lock is what `make lock` would write
    compile_lock(uv, work, "--generate-hashes", str(INPUT), "-o", str(LOCK))
    lock = (work / LOCK).read_text(encoding="utf-8")
    return Proposal(requirements, lock, differences(locked, lock))


def apply(root: Path, uv: Path, proposal: Proposal) -> tuple[Path, ...]:
    """Writes the proposal into the repository and locks everything that names the same packages.

    Returns the files that changed. Raises UpdateError, with every file as it was, where the rest of the
    project does not fit with it.
    """
    paths = [root / path for path in (INPUT, LOCK, *SHARED, ALL, TRAINING)]
    before = {path: path.read_bytes() for path in paths}
    versions = pins(proposal.requirements)
    try:
        (root / INPUT).write_text(proposal.requirements, encoding="utf-8")
        (root / LOCK).write_text(proposal.lock, encoding="utf-8")
        for path in (root / shared for shared in SHARED):
            path.write_text(repinned(path.read_text(encoding="utf-8"), versions), encoding="utf-8")
        compile_lock(uv, root, "requirements-dev.txt", "-o", str(ALL))
        wanted = TRAINING.with_suffix(".in")
        compile_lock(uv, root, "--generate-hashes", "-c", str(ALL), str(wanted), "-o", str(TRAINING))
    except BaseException:
        for path, content in before.items():
            path.write_bytes(content)
        raise
    return tuple(path.relative_to(root) for path in paths if path.read_bytes() != before[path])


def find_uv(root: Path) -> Path:
    """uv as setup fetched it, or the one on PATH. Raises UpdateError."""
    own = root / ".tools" / "bin" / "uv"
    found = own if own.exists() else shutil.which("uv")
    if found is None:
        raise UpdateError("There is no uv.", "Nothing was changed.", "Run make setup, which fetches it.")
    return Path(found)


def compile_lock(uv: Path, folder: Path, *arguments: str) -> None:
    """Runs uv's resolver in `folder` as `make lock` does. Raises UpdateError where nothing fits together."""
    done = subprocess.run([uv, *_COMPILE, *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise UpdateError(
            f"uv finds no versions that fit together: {done.stderr.strip()}",
            "The lock is as it was.",
            "Update fewer packages (--package NAME), or look at what the message names.",
        )
