"""The fixtures that other people's tests use, in a pytest of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

TEST = """
from botocore.config import Config
from botocore.exceptions import ClientError
import pytest

def test_a_call_fails_once(aws_sandbox, aws_faults):
    aws_faults("fail_aws", action="ListModels", count=5)
    client = aws_sandbox.client("sagemaker", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="Rate exceeded"):
        client.list_models()

def test_no_fault_is_left(aws_sandbox):
    assert aws_sandbox.client("sagemaker").list_models()["Models"] == []
"""


@pytest.mark.sandbox
def test_other_peoples_tests_get_a_sandbox_and_faults(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["sandbox.fixtures"]\n')
    (tmp_path / "test_it.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
