"""What the plugins say when something is wrong: the user's own words first, AWS's code, never our insides."""

import time
from collections.abc import Callable

import pytest

from tests.sandbox.pulumi.engine import Project

pytestmark = pytest.mark.sandbox

ENGINE_WORDS = ("sandbox/pulumi", "grpc", "rpc error")
TOPIC = 'aws.sns.Topic("topic", name="t")'


def refused(project: Project, *arguments: str, **env: str) -> str:
    """Run a command that must fail; return what the user sees, which must not be our insides."""
    ran = project.pulumi(*(arguments or ("up", "--yes", "--skip-preview")), **env)
    assert ran.code != 0, ran.text
    for word in ENGINE_WORDS:
        assert word not in ran.text, ran.text
    return ran.text


def test_a_program_that_raises_is_shown_from_its_own_first_line(project: Project) -> None:
    project.program("def deep():\n    return 1 / 0\n\ndeep()")
    text = refused(project)
    assert "ZeroDivisionError" in text
    assert "__main__.py" in text
    assert "pulumi-language-python-exec" not in text


def test_a_program_that_cannot_be_parsed_is_shown_with_its_line(project: Project) -> None:
    project.program("this is no python")
    assert "SyntaxError" in refused(project)


def test_a_program_that_is_not_there_is_named(project: Project) -> None:
    (project.folder / "__main__.py").unlink()
    assert "__main__.py" in refused(project)


def test_a_run_error_is_one_line_without_a_traceback(project: Project) -> None:
    project.program('raise pulumi.RunError("the stage has no account")')
    text = refused(project)
    assert "the stage has no account" in text
    assert "Traceback" not in text


def test_what_a_program_prints_is_shown(project: Project) -> None:
    project.program('print("hello from the program")')
    assert "hello from the program" in project.up().text


def test_a_program_gets_its_stacks_config(project: Project) -> None:
    project.config({"trial:name": "delays", "aws:region": "us-east-1"})
    project.program('pulumi.export("name", pulumi.Config().require("name"))')
    project.up()
    assert project.outputs() == {"name": "delays"}


def test_aws_error_codes_reach_the_user(project: Project) -> None:
    project.program('aws.iam.RolePolicy("p", name="p", role="nobody", policy="{}")')
    text = refused(project)
    assert "NoSuchEntity" in text
    assert "PutRolePolicy" in text
    assert "Traceback" not in text


def test_an_unknown_resource_type_is_refused(project: Project) -> None:
    project.program('aws.sqs.Queue("queue", name="q")')
    assert "does not know the resource type aws:sqs/queue:Queue" in refused(project)


def test_an_unknown_input_is_refused_not_ignored(project: Project) -> None:
    project.program('aws.sns.Topic("topic", name="t", fifo_topic=True)')
    assert "does not know 'fifoTopic' of aws:sns/topic:Topic" in refused(project)


def test_a_missing_name_is_refused(project: Project) -> None:
    project.program('aws.sns.Topic("topic")')
    assert "Missing required property 'name'" in refused(project)


def test_an_unknown_function_is_refused(project: Project) -> None:
    project.program("aws.get_availability_zones()")
    assert "does not know the function" in refused(project)


def test_an_unknown_setting_is_refused(project: Project) -> None:
    project.config({"aws:region": "us-east-1", "aws:assumeRoles": "[]"})
    project.program(TOPIC)
    assert "aws:assumeRoles" in refused(project)


def test_another_accounts_credentials_are_refused(project: Project) -> None:
    project.config({"aws:region": "us-east-1", "aws:allowedAccountIds": '["210987654321"]'})
    project.program(TOPIC)
    assert "AWS account ID not allowed: 123456789012" in refused(project)
    project.config({"aws:region": "us-east-1", "aws:allowedAccountIds": '["123456789012"]'})
    project.up()


def test_missing_credentials_are_said_at_once(make_project: Callable[..., Project]) -> None:
    project = make_project(
        AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_SHARED_CREDENTIALS_FILE="/dev/null"
    )
    project.program(TOPIC)
    assert "no AWS credentials were found" in refused(project)


def test_a_sandbox_that_is_down_is_said_within_seconds(make_project: Callable[..., Project]) -> None:
    project = make_project(AWS_ENDPOINT_URL="http://127.0.0.1:9")
    project.program(TOPIC)
    began = time.monotonic()
    text = refused(project)
    assert "sandbox up" in text
    assert time.monotonic() - began < 25


def test_throttling_is_waited_out(project: Project) -> None:
    project.sandbox.faults("fail_aws", action="CreateTopic", code="Throttling", status=400, count=2)
    project.program('aws.sns.Topic("topic", name="patient")')
    project.up()


def test_about_names_the_interpreter_and_its_packages(project: Project) -> None:
    text = project.pulumi("about").text
    assert "This project is written in python" in text
    assert "pulumi-aws" in text
