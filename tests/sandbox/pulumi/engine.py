"""A Pulumi project of one small program, run by the real engine with the sandbox's plugins."""

import json
import os
import shutil
import signal
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.testing import SandboxHandle

LIMIT = 120.0
PROGRAMS = Path(__file__).parent / "programs"
PULUMI_YAML = """\
name: trial
runtime: python
"""


@dataclass(frozen=True)
class Ran:
    """How one pulumi command ended."""

    code: int
    text: str
    """stdout and stderr, as a user sees them."""


class Project:
    """A project folder with a stack `dev` in a sandbox."""

    def __init__(
        self, folder: Path, sandbox: SandboxHandle, template: Path | None = None, **env: str
    ) -> None:
        """Make the project in `folder`. `template` is the state of an empty stack, made here where None."""
        self.folder = folder
        self.sandbox = sandbox
        # Its own state, so that tests which share a sandbox share no stack.
        self.state = folder / "state"
        self.env = {**os.environ, **sandbox.env, "PULUMI_BACKEND_URL": f"file://{self.state}", **env}
        if template is None:
            self.state.mkdir(parents=True)
        else:
            shutil.copytree(template, self.state)
        (folder / "Pulumi.yaml").write_text(PULUMI_YAML, encoding="utf-8")
        self.program("")
        self.config({"aws:region": "us-east-1"})
        if template is None:
            assert self.pulumi("stack", "init", "dev").code == 0

    def use(self, program: str, **values: Any) -> None:
        """Make a file of `programs/` the program, with these values in its config."""
        text = (PROGRAMS / f"{program}.py").read_text(encoding="utf-8")
        (self.folder / "__main__.py").write_text(text, encoding="utf-8")
        self.config({"aws:region": "us-east-1", "trial:values": json.dumps(values)})

    def program(self, text: str) -> None:
        """Make `text` the program; `pulumi` and `aws` are imported already."""
        head = "import pulumi\nimport pulumi_aws as aws\n\n"
        (self.folder / "__main__.py").write_text(head + textwrap.dedent(text), encoding="utf-8")

    def config(self, values: dict[str, Any]) -> None:
        """Make `values` the stack's config."""
        (self.folder / "Pulumi.dev.yaml").write_text(json.dumps({"config": values}), encoding="utf-8")

    def pulumi(self, *arguments: str, **env: str) -> Ran:
        """Run a command to its end."""
        done = subprocess.run(
            self._command(arguments),
            cwd=self.folder,
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return Ran(done.returncode, done.stdout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, as a shell would."""
        return subprocess.Popen(
            self._command(arguments),
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def up(self, *arguments: str, **env: str) -> Ran:
        """`pulumi up` that must succeed."""
        ran = self.pulumi("up", "--yes", "--skip-preview", *arguments, **env)
        assert ran.code == 0, ran.text
        return ran

    def clean(self) -> None:
        """Fail unless a preview finds no change, before and after a refresh that finds none."""
        for arguments in (
            ("preview", "--diff"),
            ("refresh", "--yes", "--skip-preview"),
            ("preview", "--diff"),
        ):
            ran = self.pulumi(*arguments, "--expect-no-changes")
            assert ran.code == 0, ran.text

    def preview(self, *arguments: str) -> dict[str, list[dict[str, Any]]]:
        """The steps of a preview by operation: `{"update": [{"urn", "diffReasons", …}]}`."""
        command = self._command(("preview", "--json", *arguments))
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=LIMIT, check=False
        )
        steps: dict[str, list[dict[str, Any]]] = {}
        for step in json.loads(done.stdout)["steps"]:
            steps.setdefault(step["op"], []).append(step)
        return steps

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return json.loads(self.pulumi("stack", "output", "--json").text)

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's resources of AWS by logical name."""
        state = json.loads(self.pulumi("stack", "export").text)["deployment"].get("resources", [])
        return {item["urn"].rpartition("::")[2]: item for item in state if item["type"].startswith("aws:")}

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        stack = () if arguments[:2] == ("stack", "init") else ("--stack", "dev")
        return ["pulumi", *arguments, *stack, "--non-interactive", "--color", "never"]


def interrupt(process: subprocess.Popen[str]) -> None:
    """Press Ctrl-C: the terminal sends it to the whole process group."""
    os.killpg(process.pid, signal.SIGINT)


def plugins_of(home: Path) -> list[int]:
    """Processes that were started with a PULUMI_HOME of `home`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue  # it has ended meanwhile, or is another user's
        if f"PULUMI_HOME={home}\0".encode() in environment:
            found.append(int(entry.name))
    return found
