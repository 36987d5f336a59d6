"""Project folders: a copy of the stages' data that runs the same program, so that a trial leaves Git alone.

The demo and the tests work in such a folder. Promotions edit its Pulumi.<stage>.yaml, never the repository's.
"""

import shutil
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]


def make_project(folder: Path, root: Path = ROOT) -> Path:
    """Make `folder` a project with the stages of `root` and its program; returns the folder.

    The folder's Pulumi.yaml names the program and the virtual environment by absolute path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stage_file in root.glob("Pulumi.*.yaml"):
        shutil.copy(stage_file, folder / stage_file.name)
    yaml = YAML()
    project = yaml.load((root / "Pulumi.yaml").read_text(encoding="utf-8"))
    project["main"] = str(root / project["main"])
    project["runtime"]["options"]["virtualenv"] = str(root / ".venv")
    with (folder / "Pulumi.yaml").open("w", encoding="utf-8") as out:
        yaml.dump(project, out)
    launcher = folder / "slipway"
    launcher.unlink(missing_ok=True)
    launcher.symlink_to(root / "slipway")
    return folder
