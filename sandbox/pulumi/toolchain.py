"""Writes the two small wrappers by which the Pulumi engine finds the sandbox's offline plugins.

The engine of a machine that reaches only package registries has neither a Python language host nor the
AWS provider: both come from places that such a machine cannot reach. The engine looks for the first
beside its own binary and for the second in `$PULUMI_HOME/plugins/`, so nothing in the program or in
Pulumi.yaml names them, and the same program runs on AWS with the real ones.

The stand-in provider is the default even where the real plugin is installed, so that every machine tests
the same thing. `SLIPWAY_AWS_PROVIDER=real` links the real plugin of the user's own `~/.pulumi` instead.
That way is kept ready but has not been run: the real plugin could not be had offline.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

AWS_PROVIDER_VERSION = "7.51.1"
"""The version that pulumi-aws (requirements.txt) sends with each resource; the engine asks for just that."""

_PLUGIN = f"resource-aws-v{AWS_PROVIDER_VERSION}"
_PROVIDER_FILE = "pulumi-resource-aws"
_HOST_FILE = "pulumi-language-python"
_EXECUTOR_FILE = "pulumi-language-python-exec"
_MARK = "# Written by slipway's sandbox; it will be written again."


class ToolchainError(Exception):
    """A part of the toolchain is missing. The message says which, and what to do."""


def prepare_pulumi_home(
    home: Path, *, user_home: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Path:
    """Put an AWS provider into a Pulumi home folder, and return the provider's folder.

    `home` is a PULUMI_HOME. `user_home` is the user's own one (default `~/.pulumi`), read only when
    SLIPWAY_AWS_PROVIDER=real. Running it again changes nothing. Raises ToolchainError when the real
    provider is asked for and not installed.
    """
    folder = home / "plugins" / _PLUGIN
    if environ.get("SLIPWAY_AWS_PROVIDER") == "real":
        return _link_real_provider(folder, user_home or Path.home() / ".pulumi")
    folder.mkdir(parents=True, exist_ok=True)
    _write_wrapper(folder / _PROVIDER_FILE, ["-m", "sandbox.pulumi.provider"])
    return folder


def install_language_host(bin_dir: Path) -> Path | None:
    """Write `bin_dir/pulumi-language-python`, or return None where the engine has a host of its own.

    `bin_dir` holds `pulumi` (a file or a link); where it does not, the `pulumi` on PATH counts. Raises
    ToolchainError when the SDK's executor, which the host starts, lies neither in `bin_dir` nor beside
    the engine.
    """
    engine = _engine(bin_dir)
    target = bin_dir / _HOST_FILE
    if engine is not None:
        own = engine.parent / _HOST_FILE
        if own.exists() and not _is_ours(own):
            return None
    candidates = [bin_dir, *([engine.parent] if engine else [])]
    executor = next(
        (folder / _EXECUTOR_FILE for folder in candidates if (folder / _EXECUTOR_FILE).exists()), None
    )
    if executor is None:
        raise ToolchainError(
            f"{bin_dir / _EXECUTOR_FILE} is missing, so Pulumi cannot run a Python program. "
            "Run `make setup` to fetch it."
        )
    _write_wrapper(target, ["-m", "sandbox.pulumi.language_host", "--executor", str(executor.absolute())])
    return target


def _engine(bin_dir: Path) -> Path | None:
    beside = bin_dir / "pulumi"
    if beside.exists():
        return beside.resolve()
    found = shutil.which("pulumi")
    return Path(found).resolve() if found else None


def _is_ours(file: Path) -> bool:
    with file.open("rb") as stream:
        return _MARK.encode() in stream.read(512)


def _link_real_provider(folder: Path, user_home: Path) -> Path:
    real = user_home / "plugins" / _PLUGIN
    if not (real / _PROVIDER_FILE).exists():
        raise ToolchainError(
            f"SLIPWAY_AWS_PROVIDER=real, but {real} does not exist. Install it with "
            f"`pulumi plugin install resource aws {AWS_PROVIDER_VERSION}`, or unset the variable to use "
            "the sandbox's own provider."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for file in (item for item in real.iterdir() if item.is_file()):
        # The engine passes over a plugin's folder that is itself a link, so its files are linked.
        link = folder / file.name
        link.unlink(missing_ok=True)
        link.symlink_to(file)
    return folder


def _write_wrapper(file: Path, arguments: list[str]) -> None:
    """Write an executable that becomes this interpreter with `arguments`.

    `exec`, so that the engine is the plugin's parent and its signals arrive. `-P`, so that a folder of
    the project that happens to be called like a module is not imported in its place.
    """
    words = " ".join(shlex.quote(word) for word in (sys.executable, "-P", *arguments))
    text = f'#!/bin/sh\n{_MARK}\nexec {words} "$@"\n'
    if file.exists() and not file.is_symlink() and file.read_text(encoding="utf-8") == text:
        return
    # Written beside and renamed: another engine may be starting the wrapper at this moment.
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o755)
    fresh.replace(file)
