"""What the image holds, as a CycloneDX document: the locked packages, and those of the base.

The same packages give the same bytes: no time, no serial number, sorted. It lists; whether a package has
known weaknesses is a scanner's question.
"""

import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from model.image.base_packages import BasePackage
from model.image.wheels import Wheel

TITLE = "slipway-inference"
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Contents:
    """What an image is made of. `base` is its reference by digest; `revision` names the code."""

    revision: str
    wheels: tuple[Wheel, ...]
    base: str | None = None
    base_packages: tuple[BasePackage, ...] = ()
    title: str = TITLE


def render(contents: Contents) -> bytes:
    """The document, CycloneDX 1.6 as JSON."""
    bom = _cyclonedx("model.bom")
    kinds = _cyclonedx("model.component").ComponentType
    title = contents.title
    root = _component(title, contents.revision, kinds.CONTAINER, title, licenses=_licences(LICENCE))
    wheels = [_of_wheel(wheel) for wheel in contents.wheels]
    system = [_of_package(package) for package in contents.base_packages]
    base = [_of_base(contents.base)] if contents.base else []
    found = bom.Bom(metadata=bom.BomMetaData(component=root), components=[*wheels, *system, *base])
    found.register_dependency(root, [*wheels, *base])
    for component in base:
        found.register_dependency(component, system)
    return _plain(_cyclonedx("output.json").JsonV1Dot6(found).output_as_string())


def _cyclonedx(module: str) -> Any:
    """A module of the library: slow to import, and its decorators hide its types from a checker."""
    return import_module(f"cyclonedx.{module}")


def _plain(text: str) -> bytes:
    """The document without what differs each time, which the format lets us leave out."""
    document = json.loads(text)
    del document["serialNumber"], document["metadata"]["timestamp"]
    return json.dumps(document, sort_keys=True, indent=1).encode() + b"\n"


def _component(name: str, version: str, kind: Any, reference: str, **more: Any) -> Any:
    component = _cyclonedx("model.component").Component
    return component(name=name, version=version, type=kind, bom_ref=reference, **more)


def _of_wheel(wheel: Wheel) -> Any:
    kind = _cyclonedx("model.component").ComponentType.LIBRARY
    return _component(
        wheel.name,
        wheel.version,
        kind,
        f"{wheel.name}=={wheel.version}",
        purl=_purl("pypi", None, wheel.name, wheel.version, {"file_name": wheel.file}),
        hashes=[_sha256(wheel.sha256)],
        licenses=_licences(wheel.licence),
    )


def _of_package(package: BasePackage) -> Any:
    kind = _cyclonedx("model.component").ComponentType.LIBRARY
    namespace = package.distribution.partition("-")[0] or "debian"
    qualifiers = {"arch": package.architecture, "distro": package.distribution}
    purl = _purl("deb", namespace, package.name, package.version, qualifiers)
    return _component(package.name, package.version, kind, purl.to_string(), purl=purl)


def _of_base(reference: str) -> Any:
    kind = _cyclonedx("model.component").ComponentType.CONTAINER
    name, _, digest = reference.partition("@")
    return _component(name, digest, kind, reference, hashes=[_sha256(digest.partition(":")[2])])


def _purl(kind: str, namespace: str | None, name: str, version: str, qualifiers: dict[str, str]) -> Any:
    return import_module("packageurl").PackageURL(kind, namespace, name, version, qualifiers)


def _sha256(value: str) -> Any:
    model = _cyclonedx("model")
    return model.HashType(alg=model.HashAlgorithm.SHA_256, content=value)


def _licences(told: str) -> list[Any]:
    factory = _cyclonedx("contrib.license.factories").LicenseFactory()
    return [factory.make_from_string(told)] if told else []
