"""Which service is trained, and its object: found by its folder, never imported by name.

The example is `model/service/`. A team's own are folders of `model/services/` in the project, and the only
one there is the project's service: after `./slipway new-model NAME` nothing else has to be said.
"""

import importlib
import sys
from pathlib import Path

from model.contract import Service
from model.errors import ServiceError

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "model" / "service"
OWN = Path("model") / "services"
"""Where a project's own services lie."""
MODULE = "service"
OBJECT = "SERVICE"
_WORDS = "Nothing was trained."


def find(asked: str | None, start: Path) -> Path:
    """The folder of the service that is `asked` for by name or path; without, the only one of the project at
    or above `start`, else the example. Raises ServiceError."""
    project = next((at for at in (start, *start.parents) if (at / "Pulumi.yaml").is_file()), start)
    own = services(project)
    if asked is None and len(own) > 1:
        raise ServiceError(
            f"The project has several services: {', '.join(own)}.",
            _WORDS,
            "Name one with --service.",
        )
    if asked is None:
        return next(iter(own.values()), EXAMPLE)
    for folder in (own.get(asked), Path(asked), ROOT / asked):
        if folder and _is_service(folder):
            return folder
    raise ServiceError(
        f"There is no service {asked!r}: no folder with a {MODULE}.py; {project / OWN} has: "
        f"{', '.join(own) or 'none'}.",
        _WORDS,
        f"Name one of these or a folder, as in --service {EXAMPLE.relative_to(ROOT)}; or make one: "
        f"./slipway new-model NAME",
    )


def services(project: Path) -> dict[str, Path]:
    """The folders of a project's own services, by name."""
    return {folder.name: folder for folder in sorted((project / OWN).glob("*")) if _is_service(folder)}


def load(folder: Path) -> Service:
    """The service of a folder. Raises ServiceError that says what it lacks."""
    package = package_of(folder)
    try:
        module = importlib.import_module(f"{package}.{MODULE}")
    except ServiceError:
        raise
    except Exception as error:  # what somebody else's module raises while it is imported
        raise _unusable(folder, f"importing it raises {type(error).__name__}: {error}") from error
    if Path(module.__file__ or "").resolve().parent != folder.resolve():
        raise _unusable(folder, f"another package is called {package} and was found at {module.__file__}")
    found = getattr(module, OBJECT, None)
    if not isinstance(found, Service):
        raise _unusable(folder, f"{MODULE}.py names no {OBJECT}, an object of a class below Service")
    return found


def package_of(folder: Path) -> str:
    """The package that a service's folder is. A folder outside of the checkout is one of its own name, and
    its parent comes onto Python's path."""
    resolved = folder.resolve()
    if resolved.is_relative_to(ROOT):
        return ".".join(resolved.relative_to(ROOT).parts)
    if str(resolved.parent) not in sys.path:
        sys.path.append(str(resolved.parent))
    return resolved.name


def _is_service(folder: Path) -> bool:
    return (folder / f"{MODULE}.py").is_file()


def _unusable(folder: Path, why: str) -> ServiceError:
    return ServiceError(
        f"{folder} is not a service that can be used: {why}.",
        _WORDS,
        "Correct it; docs/own-model.md says what a service's folder holds.",
    )
