"""Runs a command for which a folder of this machine is another one, in a mount namespace of its own.

    python3 private_folder_program.py TARGET FOLDER COMMAND ...

It is run by path and imports only the standard library. The namespace ends with the command, and nobody else
sees it: nothing of TARGET is made on the machine itself. It takes Linux, and root or a kernel that lets
everybody make user namespaces; where there is no such thing the command runs without, and that is said.
"""

import ctypes
import errno
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

_NEW_NAMESPACE, _NEW_USER = 0x00020000, 0x10000000
"""CLONE_NEWNS and CLONE_NEWUSER of sched.h."""
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of sys/prctl.h."""
_NOSUID, _NODEV, _BIND, _REC, _PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
"""MS_* of sys/mount.h."""


def enter() -> None:
    """Step into a mount namespace of its own, as the same user. Raises OSError."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.unshare(_NEW_NAMESPACE | (_NEW_USER if user else 0)))
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        # new capabilities take away what the supervisor asked for: to die with it
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    _mount("none", "/", _REC | _PRIVATE)


def lay(target: Path, folder: Path) -> None:
    """Let `target` be `folder` from now on, whether there is one or not. Raises OSError."""
    with ExitStack() as stack:
        source = _held(folder, stack)
        if not target.is_dir():
            _overlay(target.parent, stack)
            target.mkdir()
        _mount(source, str(target), _BIND | _REC)


def _overlay(parent: Path, stack: ExitStack) -> None:
    """Put a folder in memory over `parent` that has the same entries, so that another can be made in it."""
    entries = sorted(parent.iterdir())
    links = {entry: entry.readlink() for entry in entries if entry.is_symlink()}
    held = {entry: (_held(entry, stack), entry.is_dir()) for entry in entries if entry not in links}
    _mount("tmpfs", str(parent), _NOSUID | _NODEV, "tmpfs", "mode=755,size=1m")
    for entry, place in links.items():
        entry.symlink_to(place)
    for entry, (source, is_folder) in held.items():
        entry.mkdir() if is_folder else entry.touch()
        _mount(source, str(entry), _BIND | _REC)


def _held(path: Path, stack: ExitStack) -> str:
    """A name of `path` that stays right when something is mounted over it."""
    number = os.open(path, os.O_PATH)
    stack.callback(os.close, number)
    return f"/proc/self/fd/{number}"


def _mount(source: str, target: str, flags: int, kind: str = "none", data: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [text.encode() for text in (source, target, kind, data)]
    _checked(libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]))


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def main() -> None:
    """Enter, lay, and become the command; 127 or 126 when there is no such, as a shell would have it."""
    target, folder, *command = sys.argv[1:]
    try:
        enter()
        lay(Path(target), Path(folder))
    except (OSError, AttributeError) as error:
        said = f"sandbox: {target} cannot be made here ({error}); it is at {folder}"
        print(said, file=sys.stderr, flush=True)
    try:
        os.execvp(command[0], command)  # noqa: S606 - nobody's words are read by a shell
    except OSError as error:
        print(f"exec {command[0]}: {(error.strerror or '').lower()}", file=sys.stderr, flush=True)
        sys.exit(127 if error.errno == errno.ENOENT else 126)


if __name__ == "__main__":
    main()
