"""A lock is of its requirements, or no image is built; a wheel is known by its tags in every form."""

import json
from pathlib import Path

import pytest

from model.image.errors import DependencyError
from model.image.locked import check_lock
from model.image.wheels import read_wheels

LOCK = """\
numpy==2.4.6 \\
    --hash=sha256:aa
pydantic-core==2.46.1 ; python_version >= "3.11" \\
    --hash=sha256:bb
"""


@pytest.mark.parametrize(
    "requirements",
    [
        "",
        "# numpy==1\n-r other.txt\n",
        "numpy==2.4.6\nPydantic_Core\n",
        "numpy>=2,<3  # the arrays\n",
        'onnx==1; python_version < "3.11"\n',
    ],
)
def test_a_lock_of_its_requirements(requirements: str) -> None:
    check_lock(requirements, LOCK, "3.11")


@pytest.mark.parametrize(
    ("requirements", "words"),
    [
        ("numpy==2.4.6\norjson==3.11.0\n", "orjson==3.11.0 is not in it"),
        ("numpy==2.5.0\n", "numpy==2.5.0, and it pins 2.4.6"),
        ("numpy<2\norjson\n", "numpy<2, and it pins 2.4.6; orjson is not in it"),
        ('orjson; python_version >= "3.11"\n', "orjson"),
        ("numpy=2\n", "is no requirement"),
    ],
)
def test_a_lock_of_others_is_refused(requirements: str, words: str) -> None:
    with pytest.raises(DependencyError, match=words):
        check_lock(requirements, LOCK, "3.11")


@pytest.mark.parametrize(
    "tags",
    [
        ["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64"],
        ["cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"],
    ],
    ids=["one-a-line", "compressed"],
)
def test_a_wheel_is_known_by_its_tags_in_either_form(tmp_path: Path, tags: list[str]) -> None:
    """Wheels that maturin makes (orjson, pydantic-core) tell theirs compressed, as in the file's name."""
    folder = tmp_path / "orjson-3.11.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.4\nName: orjson\nVersion: 3.11.0\n")
    (folder / "WHEEL").write_text("Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags))
    file = "orjson-3.11.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    lock = f"""
[[packages]]
name = "orjson"
version = "3.11.0"
wheels = [{{ name = {json.dumps(file)}, hashes = {{ sha256 = "aa" }} }}]
"""
    [wheel] = read_wheels(tmp_path, lock)
    assert (wheel.name, wheel.file) == ("orjson", file)
