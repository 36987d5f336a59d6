"""Tells a story with real commands: runs them, shows what they say, and insists that they end as told.

Which story is told is not decided here.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from demo.callers import Calls, calling
from demo.project import ROOT
from demo.watch import Golden, Watch, watching
from infra import deployer_policy
from release.connect import connect
from release.domain import names
from release.domain.errors import ReleaseFailed
from release.ports import StagePorts

DEPLOYER = "deployer"
"""The access key of whoever runs the commands of a story."""


class Narration:
    """Runs the commands of one story in one project folder; `say` gets every line that is told."""

    def __init__(self, home: Path, project: Path, say: Callable[[str], None]) -> None:
        self.home = home
        self.project = project
        self._say = say
        self._env = dict(os.environ)

    def chapter(self, title: str) -> None:
        """The next part."""
        self._say(f"\n{title}")

    def say(self, text: str) -> None:
        """One line of the part."""
        self._say(f"   {text}")

    def expect(self, true: bool, text: str) -> None:
        """Insist on something. Raises ReleaseFailed when it is not so."""
        if not true:
            raise ReleaseFailed(f"The story is not as told: it is not so that {text}.", self._kept())
        self.say(f"✓ {text}")

    def use(self, variables: dict[str, str]) -> None:
        """From now on every command runs with these variables too."""
        self._env |= variables

    def as_deployer(self, stages: Sequence[str]) -> None:
        """From now on every command runs with the rights that the deployers of these stages have, no others.

        The sandbox refuses every call that their policies do not allow (docs/sandbox.md).
        """
        documents = [deployer_policy.document(self.stage(name).settings) for name in stages]
        request = Request(  # noqa: S310 - the sandbox's own address
            f"{self._env['AWS_ENDPOINT_URL']}/_sandbox/policies/{DEPLOYER}",
            json.dumps({"documents": documents}).encode(),
            method="PUT",
        )
        with urlopen(request):  # noqa: S310
            self.use({"AWS_ACCESS_KEY_ID": DEPLOYER})

    def slipway(self, *arguments: str, expected: int = 0) -> dict[str, Any]:
        """Run `./slipway …`; its JSON result, or an empty dict where it prints none.

        Raises ReleaseFailed when it ends with another exit code than `expected`.
        """
        shown = [argument for argument in arguments if argument != "--json"]
        quiet = arguments[0] == "sandbox"
        if not quiet:
            self.say(f"$ ./slipway {' '.join(shown)}")
        begun = time.monotonic()
        code, stdout = self._run([str(ROOT / "slipway"), *arguments], quiet)
        result = _last_json(stdout)
        if code != expected:
            detail = result.get("error") or stdout[-500:]
            raise ReleaseFailed(
                f"The story is not as told: {' '.join(shown)} ended with {code}, not {expected}. {detail}",
                self._kept(),
            )
        if not quiet:
            refused = " (refused, as it has to be)" if expected else ""
            self.say(f"  exit {code}{refused}, {time.monotonic() - begun:.1f} s")
        return result

    def show(self, *arguments: str) -> None:
        """Run `./slipway …` with its output for people."""
        self.say(f"$ ./slipway {' '.join(arguments)}")
        command = [str(ROOT / "slipway"), *arguments]
        code = subprocess.call(command, cwd=self.project, env=self._env, stdout=sys.stderr.fileno())
        self.expect(code == 0, "the stages serve what their pins say")

    def previews(self, stages: Sequence[str]) -> None:
        """Insist that `pulumi preview` of the stages, all at once, has nothing to change."""
        with ThreadPoolExecutor(len(stages)) as pool:
            for stage, done in zip(stages, pool.map(self._previewed, stages), strict=True):
                if done.returncode:
                    self._say(done.stdout[-3000:] + done.stderr[-2000:])
                self.expect(done.returncode == 0, f"pulumi preview --stack {stage} --expect-no-changes")

    def _previewed(self, stage: str) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", "preview", "--stack", stage, "--expect-no-changes", "--non-interactive"]
        return subprocess.run(
            command, cwd=self.project, env=self._env, capture_output=True, text=True, check=False
        )

    def stage(self, name: str) -> StagePorts:
        """A stage of the story, to look at what the commands did."""
        os.environ.update(self._env)
        return connect(lambda event: None, self.project).stage(name)

    def callers(self, stage: str, endpoint: str, rate: float) -> AbstractContextManager[Calls]:
        """While the block runs, callers send an endpoint `rate` requests a second from another process."""
        return calling(self._env["AWS_ENDPOINT_URL"], names.endpoint(endpoint, stage), rate)

    def watching(self, stage: str, endpoint: str, expected: Golden) -> AbstractContextManager[Watch]:
        """While the block runs, keep asking an endpoint until it answers with the expected scores."""
        invoke, name = self.stage(stage).endpoints.invoke, names.endpoint(endpoint, stage)
        return watching(lambda body: invoke(name, body.encode(), "application/json")["Body"], expected)

    def _run(self, command: list[str], quiet: bool) -> tuple[int, str]:
        with subprocess.Popen(
            command,
            cwd=self.project if self.project.is_dir() else ROOT,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            assert process.stdout is not None
            # Both are read at once: whoever does not read one of them makes the command wait.
            with ThreadPoolExecutor(1) as pool:
                stdout = pool.submit(process.stdout.read)
                for line in process.stderr:
                    if not quiet:
                        self._say(f"     {line.rstrip()}")
        return process.returncode, stdout.result()

    def _kept(self) -> str:
        return f"Everything is kept in {self.home} (logs, the project, the Pulumi state)."


def _last_json(text: str) -> dict[str, Any]:
    for line in reversed(text.splitlines()):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return {}
