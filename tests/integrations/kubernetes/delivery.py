"""What tests of Argo Rollouts and Flagger share: an exported stage in a namespace, and pods that log.

No kubelet runs: a pod is Ready because the test says so.
"""

import json
import os
import re
import secrets
import subprocess
import urllib.request
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from integrations.judge_service.asking import Pods, matchers
from integrations.judge_service.keys import Key
from release.domain.judge_service import ADDRESS
from release.domain.pins import ReleasePin
from tests.end_to_end.world import World
from tests.integrations.judge_service.service import Service
from tests.integrations.kubernetes.cluster import Cluster, until

HOST = "127.0.0.1"
NAME = "delays-dev"
LEAST = 2
"""Instances, the least of the autoscaler."""
_READY = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
_SERVES = json.dumps({"status": {"phase": "Running", "conditions": [_READY]}})


class Exports(NamedTuple):
    """A release that was live, and the folder that holds what was exported of it then."""

    folder: Path
    pin: ReleasePin


def exports(world: World, trained: Mapping[str, Path], folder: Path, name: str) -> list[Exports]:
    """Two releases, live one after the other in dev, and the folders of their exports, `name` among them."""
    steps = {"steps": [25, 50], "step_seconds": 1, "hold_seconds": 600}
    world.edit("dev", instances={"min": LEAST, "max": 4}, rollout=steps)
    found = []
    for kind in ("logistic", "boosting"):
        world.slipway("release", "--model", os.fspath(trained[kind]))
        export(world, folder / kind, name)
        pin = world.endpoint("dev").live
        assert pin is not None
        found.append(Exports(folder / kind, pin))
    return found


def export(world: World, folder: Path, name: str) -> None:
    """Have the command write dev into a folder, for Kubernetes and in one more format."""
    for each in ("kubernetes", name):
        world.slipway("export", "dev", "--format", each, "--output", str(folder))


def namespace(cluster: Cluster) -> str:
    """Make one that restricts pods; its name."""
    name = f"dev-{secrets.token_hex(4)}"
    cluster.do("create", "namespace", name)
    cluster.do("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    return name


def apply(
    cluster: Cluster, namespace: str, exported: Path, name: str, judge: Service, more: Mapping[str, Any]
) -> None:
    """Apply what was exported for Kubernetes and in one more format; the judge is at a port of this machine.

    `more` is what else the kustomization says.
    """
    for file in exported.glob("*/stages/dev/*.yaml"):
        file.write_text(file.read_text().replace(ADDRESS, f"http://{HOST}:{judge.port}"))
    resources = ["../kubernetes/stages/dev", *more.get("resources", [])]
    whole = {**more, "namespace": namespace, "resources": resources, "components": [f"../{name}/stages/dev"]}
    folder = exported / "serving"
    folder.mkdir(exist_ok=True)
    with (folder / "kustomization.yaml").open("w") as out:
        YAML().dump(whole, out)
    cluster.do("apply", "-k", str(folder))


def pods(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    """The pods that serve, after those that are new were said to be ready."""
    found = cluster.get("pods", "-n", namespace)["items"]
    living = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
    for pod in living:
        ready = [each for each in pod["status"].get("conditions", []) if each["type"] == "Ready"]
        if [each["status"] for each in ready] != ["True"]:
            name = pod["metadata"]["name"]
            done = cluster.ask("patch", "pod", name, "-n", namespace, "--subresource=status", "-p", _SERVES)
            # one that a controller took away meanwhile needs no kubelet any more
            assert done.status == 0 or "NotFound" in done.err, done.err
    return living


def shipped(lines: Iterable[str], by_variant: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Windows as a log shipper posts them: as lines of the pods that are `live` and `candidate`."""
    found = []
    for line in lines:
        window = json.loads(line)
        if variant := window.pop("variant", None):
            about = by_variant[variant]["metadata"]
            pod = {"pod_name": about["name"], "namespace_name": about["namespace"], "labels": about["labels"]}
            found.append({"log": json.dumps(window) + "\n", "kubernetes": pod})
    return found


def ship(judge: Service, path: str, records: list[dict[str, Any]]) -> None:
    """Post them to the open rollout of a name; all of them are evidence."""
    told = judge.call("POST", f"/evidence/{path}", records)
    assert told.told == {"kept": len(records), "passed_over": 0}, told


def images(pods: Iterable[Mapping[str, Any]]) -> set[str]:
    """The images of all containers of the pods."""
    specs = [pod["spec"] for pod in pods]
    return {
        each["image"] for spec in specs for each in (*spec.get("initContainers", []), *spec["containers"])
    }


def artifacts(pods: Iterable[Mapping[str, Any]], *pins: ReleasePin) -> set[str]:
    """Of which of these pins' artifacts the pods are."""
    return {pin.sha256 for pod in pods for pin in pins if pin.sha256 in json.dumps(pod["spec"])}


def assert_told_apart(key: Key, whose: Pods, by_variant: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Of these pods the judge would read the counters of each variant's, by their names."""
    names = {variant: {pod["metadata"]["name"] for pod in pods} for variant, pods in by_variant.items()}
    for variant, told in matchers(key, whose).items():
        wanted = re.findall(r'pod(!?)=?~"([^"]+)"', told)
        fit = {
            name
            for name in set().union(*names.values())
            if all(bool(re.fullmatch(one, name)) != bool(no) for no, one in wanted)
        }
        assert fit == names[variant], told


@contextmanager
def controller(program: str, *arguments: str, health: str, log: Path) -> Generator[None]:
    """A controller that runs until the block ends; it answers at `health` when it is up."""
    env = {"PATH": os.environ["PATH"], "HOME": str(log.parent)}
    with log.open("wb") as out:
        process = subprocess.Popen([program, *arguments], stdout=out, stderr=out, env=env, cwd=log.parent)

    def up() -> bool:
        assert process.poll() is None, f"{program} ended: {log.read_text(errors='replace')[-3000:]}"
        with suppress(OSError), urllib.request.urlopen(health, timeout=5):  # noqa: S310
            return True
        return False

    try:
        until(up, f"{program} is up; its log is {log}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
