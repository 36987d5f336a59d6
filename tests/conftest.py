"""What all rooms' tests share: trained models, made once for all workers of a run; no deadlines."""

import fcntl
import gc
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

from demo.project import make_project
from tests.examples import MANY, QUICK, USUAL

ROOT = Path(__file__).resolve().parents[1]
_ALL_SANDBOX = re.compile(r"^pytestmark = [^\]]*?\bpytest\.mark\.sandbox\b", re.MULTILINE)
_SANDBOX_TEST = re.compile(r"^\s*@(?:pytest\.mark\.sandbox\b|behaviour\()", re.MULTILINE)
_TEST = re.compile(r"^\s*(?:async )?def test_", re.MULTILINE)
_EXAMPLES = {"quick": QUICK, "usual": USUAL, "long": MANY}


def _unit_tests_alone(config: pytest.Config) -> bool:
    """Whether this run leaves out all tests marked `sandbox`, as `make test-unit` does."""
    wanted = config.option.markexpr
    return "not sandbox" in wanted and " or " not in wanted


def _long_tests(config: pytest.Config) -> bool:
    """Whether this run asks for the tests marked `long`, as `make test-long` does."""
    return re.match(r"long\b", config.option.markexpr) is not None


def pytest_configure(config: pytest.Config) -> None:
    """How many examples a property gets, and what must come before the test files are imported."""
    # Of the CI job that runs the tests: hundreds of commands would write into its page and its outputs.
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As in a shell's background; commands that a test interrupts would inherit it, and never end.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    profile = "long" if _long_tests(config) else "quick" if _unit_tests_alone(config) else "usual"
    # A deadline is seconds of the clock, and other tests and processes share the processor.
    settings.register_profile("slipway", deadline=None, max_examples=_EXAMPLES[profile])
    settings.load_profile("slipway")
    if profile != "quick":
        # skops asks every loaded module for all it has, and a loaded pulumi_aws then loads all of AWS.
        import skops.io  # noqa: F401


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Does not even import a file of sandbox tests alone where none is wanted: its libraries take seconds."""
    if not _unit_tests_alone(config) or collection_path.suffix != ".py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    tests = len(_TEST.findall(text))
    return bool(tests and (_ALL_SANDBOX.search(text) or len(_SANDBOX_TEST.findall(text)) == tests)) or None


def pytest_itemcollected(item: pytest.Item) -> None:
    """A property is tried with many more examples among the long tests; its few are tried everywhere."""
    if _long_tests(item.config) and is_hypothesis_test(getattr(item, "obj", None)):
        item.add_marker(pytest.mark.long)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What was imported stays: looking through it for garbage again and again took a tenth of the run.

    What tests leave is looked through less often as well, since a test is over soon.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory) -> Path:
    """A folder that all workers of this run share; pytest makes it and clears it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def trained(shared_folder) -> dict[str, Path]:
    """Two real trained models, `logistic` and `boosting`: the folders that `./slipway train` left."""
    return {kind: _train_once(shared_folder, kind) for kind in ("logistic", "boosting")}


def _train_once(shared: Path, kind: str) -> Path:
    folder = shared / kind
    with (shared / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "evidence.json").exists():
            command = [sys.executable, "-m", "scripts.train", "--model", kind, "--out", str(folder), "--json"]
            env = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{shared / kind}.db"}
            done = subprocess.run(
                command,
                cwd=make_project(shared / "project"),
                env=env,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert json.loads((folder / "evidence.json").read_text())["gates"]
    return folder


@pytest.fixture(autouse=True)
def _mlflow_leaves_no_address() -> Generator[None]:
    """`mlflow.set_tracking_uri` writes its variable, which commands of later tests would then go by."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    yield
    if before is None:
        os.environ.pop("MLFLOW_TRACKING_URI", None)
    else:
        os.environ["MLFLOW_TRACKING_URI"] = before
