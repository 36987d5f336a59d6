"""Where servers run in containers: that they really do, and what they cannot do there."""

from pathlib import Path

import pytest

from tests.model.serving import running

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.container,
    pytest.mark.skipif(not running.IN_CONTAINERS, reason="SLIPWAY_TEST_SERVING=container asks for it"),
]


def test_not_root_no_capabilities_read_only_and_no_network(artifact: Path, tmp_path: Path) -> None:
    with running.serving(artifact, tmp_path) as server:
        process = Path(f"/proc/{server.wait_ready().process.pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"10001"}
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        assert status["NoNewPrivs"].strip() == "1"
        assert status["NSpid"].split()[-1] == "1"
        mounts = [line.split() for line in (process / "mounts").read_text().splitlines()]
        assert {fields[3].split(",")[0] for fields in mounts if fields[1] in {"/", "/opt/ml/model"}} == {"ro"}
        interfaces = (process / "net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
        assert (process / "net/route").read_text().splitlines()[1:] == []
