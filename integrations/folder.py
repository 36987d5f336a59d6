"""An export's folder on disk: what belongs there, compared with what is there, and put there.

`SHA256SUMS` lists what an export wrote. Files beside those, a state or a lock file, are somebody else's.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

SUMS = "SHA256SUMS"
"""In the words of `sha256sum`: `sha256sum --check SHA256SUMS` proves a folder without Slipway."""
_HALF = ".half"
"""Behind the name of a file that is being written."""


def place(root: Path, name: str, stage: str) -> Path:
    """Where a stage's files of one format belong."""
    return root / name.replace("-", "_") / "stages" / stage


def with_sums(files: Mapping[str, str]) -> dict[str, str]:
    """The files, and the list of them."""
    lines = (f"{hashlib.sha256(files[name].encode()).hexdigest()}  {name}\n" for name in sorted(files))
    return {**files, SUMS: "".join(lines)}


def written(folder: Path) -> bool:
    """Whether an export was ever written there."""
    return (folder / SUMS).is_file()


def differences(folder: Path, files: Mapping[str, str]) -> tuple[str, ...]:
    """What is not as an export would write it: the paths, each with what is wrong with it."""
    wanted = with_sums(files)
    wrong = {name: _wrong(folder / name, text) for name, text in wanted.items()}
    left = dict.fromkeys(_left_over(folder, wanted), "is of something that is exported no more")
    return tuple(f"{folder / name} {why}" for name, why in (wrong | left).items() if why)


def write(folder: Path, files: Mapping[str, str]) -> tuple[str, ...]:
    """Have exactly these files there, and what is somebody else's; returns the paths that changed.

    What goes is deleted while the old list still names it, and the new list is there before its files:
    whenever this is ended, `differences` names what is missing, and the next run does it.
    """
    wanted = with_sums(files)
    left = _left_over(folder, wanted)
    changed = [name for name in (SUMS, *files) if _wrong(folder / name, wanted[name])]
    for name in left:
        (folder / name).unlink()
    for name in changed:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        half = folder / f"{name}{_HALF}"
        half.write_text(wanted[name], encoding="utf-8")
        half.replace(folder / name)
    return tuple(str(folder / name) for name in (*changed, *left))


def _wrong(file: Path, text: str) -> str:
    if not file.is_file():
        return "is missing"
    return "" if file.read_bytes() == text.encode() else "is not what the pins say"


def _left_over(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """What the last export listed, is still there, and belongs there no more."""
    sums = folder / SUMS
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else []
    listed = (line.partition("  ")[2] for line in lines)
    return [name for name in listed if name not in wanted and _inside(name) and (folder / name).is_file()]


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts
