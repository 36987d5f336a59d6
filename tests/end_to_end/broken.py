"""Releases that are really broken: images whose program cannot serve, artifacts that nobody can load."""

import gzip
import hashlib
import io
import itertools
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release.domain.golden import Golden
from release.domain.manifest import Manifest, ModelRecord
from release.domain.names import canonical_json
from release.domain.pins import Pins, ReleasePin
from tests.end_to_end.world import World
from tests.sandbox.images import crane, tar

PROGRAM = "/opt/app/serve.py"
FOREIGN = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf3\x00" + bytes(44)
"""The head of a program for RISC-V."""

PROGRAMS: dict[str, str] = {
    "module-missing": "import sklearn_of_last_year",
    "library-missing": "import ctypes; ctypes.CDLL('libgomp-gone.so.1')",
    "traceback": "{}['weights']",
    "out-of-memory": "import resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 28,) * 2); bytearray(1 << 30)",
    "disk-full": "print('cache', file=open('/dev/full', 'w'), flush=True)",
    "no-network": "import urllib.request; urllib.request.urlopen('http://models.invalid/model.bin', "
    "timeout=2)",
    "port-taken": "import socket as s; a, b = s.socket(), s.socket(); a.bind(('127.0.0.1', 0)); "
    "a.listen(); b.bind(a.getsockname())",
    "silent-container": "import time; time.sleep(60)",
    "no-ping": "import time; print('Starting development server', flush=True); time.sleep(60)",
}
"""Python that ends, or hangs, as the rule of that name says."""


@dataclass
class Workshop:
    """Makes releases in dev by their pin alone, from the good one that is live there."""

    world: World
    folder: Path
    pin: ReleasePin
    content: Manifest
    golden: bytes
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @staticmethod
    def of(world: World, folder: Path) -> "Workshop":
        """The workshop of what is live in dev."""
        pin = world.endpoint("dev").live
        assert pin is not None
        artifacts = world.ports("dev").artifacts
        content = artifacts.manifest(pin.release)
        return Workshop(world, folder, pin, content, artifacts.golden(content)[1])

    def program(self, text: str | bytes) -> str:
        """A release whose image holds nothing but this program."""
        number = next(self._numbers)
        body = text if isinstance(text, bytes) else f"#!/usr/bin/python3\n{text}\n".encode()
        uri = self.world.ports("dev").registry.uri()
        layer, made = self.folder / f"layer-{number}.tar", self.folder / f"image-{number}.tar"
        layer.write_bytes(tar({PROGRAM.lstrip("/"): body}))
        tag = f"{uri}:build-{number}"
        crane(["append", "--oci-empty-base", "-f", str(layer), "-t", tag, "-o", str(made)])
        crane(["push", str(made), tag])
        return self._with_image(
            crane(["mutate", tag, "--entrypoint", PROGRAM, "-t", f"{uri}:broken-{number}"])
        )

    def changed(self, *arguments: str) -> str:
        """A release with the good image, changed by arguments of `crane mutate`."""
        uri = self.world.ports("dev").registry.uri()
        source = f"{uri}@{self.pin.digest}"
        return self._with_image(
            crane(["mutate", source, *arguments, "-t", f"{uri}:broken-{next(self._numbers)}"])
        )

    def archive(self, data: bytes) -> str:
        """A release whose model artifact holds these bytes."""
        artifacts, sha256 = self.world.ports("dev").artifacts, hashlib.sha256(data).hexdigest()
        file = self.folder / "model.tar.gz"
        file.write_bytes(data)
        artifacts.put_model(sha256, file)
        model = ModelRecord(sha256=sha256, size=len(data))
        return self._pinned({"model": model}, {"model": artifacts.model_uri(sha256), "sha256": sha256})

    def repacked(self, change: Callable[[dict[str, bytes]], None], checksums: bool = True) -> str:
        """A release whose artifact's files were changed in place, its checksums taken again or not."""
        data = self.world.ports("dev").artifacts.read_model(self.pin.model)
        with tarfile.open(fileobj=io.BytesIO(data)) as old:
            files = {m.name: (old.extractfile(m) or io.BytesIO()).read() for m in old if m.isfile()}
        change(files)
        if checksums:
            named = {name: body for name, body in files.items() if name != "checksums.json"}
            digests = {name: hashlib.sha256(body).hexdigest() for name, body in named.items()}
            files["checksums.json"] = json.dumps({"algorithm": "sha256", "files": digests}).encode()
        return self.archive(gzip.compress(tar(files, mode=0o644), mtime=0))

    def golden_changed(self, change: Callable[[dict[str, Any]], None]) -> str:
        """A release whose golden requests were changed in place."""
        golden = json.loads(self.golden)
        change(golden)
        data = canonical_json(Golden.model_validate(golden).model_dump(mode="json"))
        return self._pinned({"golden_sha256": hashlib.sha256(data).hexdigest()}, {}, data)

    def good(self) -> str:
        """A release with nothing wrong."""
        return self._pinned({}, {})

    def _with_image(self, reference: str) -> str:
        digest = reference.rpartition("@")[2]
        uri = self.world.ports("dev").registry.uri()
        old = self.content.image
        image = old.model_copy(update={"digest": digest})
        return self._pinned({"image": image}, {"image": f"{uri}@{digest}"})

    def _pinned(self, content: dict[str, Any], pin: dict[str, Any], golden: bytes | None = None) -> str:
        source = {**self.content.source, "number": next(self._numbers)}
        made = self.content.model_copy(update={"source": source, **content})
        dev = self.world.ports("dev")
        dev.artifacts.put_release(made, golden or self.golden)
        live = self.pin.model_copy(update={"release": made.id, **pin})
        self.world.pin("dev", Pins(live=live))
        return made.id
