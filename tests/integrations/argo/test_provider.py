"""What Argo Rollouts' own web provider measures of the running service, by the exported AnalysisTemplate."""

import json
import os
import shutil
import subprocess

import pytest

from integrations.argo import export
from release.domain.judge_service import ADDRESS
from release.judge import quiet
from tests.conftest import ROOT
from tests.integrations.judge_service.service import running, streamed
from tests.integrations.stages import exported

PATH = f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
MEASURE = shutil.which("argo-measure", path=PATH)

pytestmark = pytest.mark.skipif(MEASURE is None, reason="there is no argo-measure; make argo-tools builds it")


@pytest.mark.parametrize(
    ("says", "phase"), [("PASS", "Successful"), ("FAIL", "Failed"), ("HOLD", "Inconclusive")]
)
def test_pass_is_successful_fail_is_failed_and_hold_is_inconclusive(tmp_path, says, phase):
    bad = {"errors": 0.2} if says == "FAIL" else {}
    lines = streamed(bad) if says != "HOLD" else [quiet.line(1.0)]
    text = export.files(exported())["delays-prod.yaml"]
    gate, watch, _ = text.split("---\n")
    with running(tmp_path / "kept") as service:
        service.call("GET", "/argo/serving/delays-prod/6f64645fd5")
        service.call("POST", "/evidence/serving/delays-prod/6f64645fd5", "\n".join(lines))
        for name, template in (("gate", gate), ("watch", watch)):
            file = tmp_path / f"{name}.yaml"
            file.write_text(template.replace(ADDRESS, f"http://127.0.0.1:{service.port}"))
            arguments = ("namespace=serving", "name=delays-prod", "checksum=6f64645fd5")
            done = subprocess.run(
                [str(MEASURE), str(file), *arguments], capture_output=True, text=True, check=True
            )
            assert json.loads(done.stdout)["phase"] == phase, name


def test_a_service_that_is_not_there_is_an_error(tmp_path):
    text = export.files(exported())["delays-prod.yaml"]
    file = tmp_path / "gate.yaml"
    file.write_text(text.split("---\n")[0].replace(ADDRESS, "http://127.0.0.1:9"))
    done = subprocess.run([str(MEASURE), str(file)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["phase"] == "Error"
