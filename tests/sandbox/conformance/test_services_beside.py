"""S3, IAM, KMS and SNS: what a stage of a served model asks of them."""

import json
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.images import trust_policy
from tests.sandbox.world import World, wait_for


@pytest.fixture
def bucket(world: World) -> str:
    """The name of a new bucket."""
    name = world.name("bucket")
    world.s3.create_bucket(Bucket=name)
    return name


@behaviour("IAM", "AddClientIDToOpenIDConnectProvider")
def test_the_audiences_of_a_provider_change(world: World) -> None:
    """An audience is added to an OIDC provider or removed from it, and doing so twice is no error."""
    iam, url = world.sandbox.client("iam"), f"https://{world.name('tokens')}.example.com"
    made = iam.create_open_id_connect_provider(Url=url, ClientIDList=["first"])
    named = {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(**named, ClientID="second")
    assert iam.get_open_id_connect_provider(**named)["ClientIDList"] == ["first", "second"]
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(**named, ClientID="first")
    assert iam.get_open_id_connect_provider(**named)["ClientIDList"] == ["second"]
    named["OpenIDConnectProviderArn"] += "/absent"
    with refused("NoSuchEntity", status=404):
        iam.add_client_id_to_open_id_connect_provider(**named, ClientID="second")


@behaviour("S3", "PutObject")
def test_a_conditional_put(world: World, bucket: str) -> None:
    """A put with If-None-Match on a key that is there is refused with PreconditionFailed."""
    world.s3.put_object(Bucket=bucket, Key="key", Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed", status=412):
        world.s3.put_object(Bucket=bucket, Key="key", Body=b"2", IfNoneMatch="*")


@behaviour("S3", "PutBucketVersioning")
def test_versions(world: World, bucket: str) -> None:
    """With versioning an object that was overwritten is still there under its version."""
    world.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = world.s3.put_object(Bucket=bucket, Key="key", Body=b"1")["VersionId"]
    world.s3.put_object(Bucket=bucket, Key="key", Body=b"2")
    assert world.s3.get_object(Bucket=bucket, Key="key", VersionId=first)["Body"].read() == b"1"


SUSPENDED = (
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html"
)


@behaviour("S3", SUSPENDED)
def test_a_version_is_deleted_while_versioning_is_suspended(world: World, bucket: str) -> None:
    """In a bucket whose versioning is suspended one version, or one delete marker, is deleted by its id."""
    s3 = world.s3
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first, _ = (s3.put_object(Bucket=bucket, Key="key", Body=body)["VersionId"] for body in (b"1", b"2"))
    marker = s3.delete_object(Bucket=bucket, Key="key")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_object(Bucket=bucket, Key="key", VersionId=first)
    s3.delete_object(Bucket=bucket, Key="key", VersionId=marker)
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"2"
    left = s3.list_object_versions(Bucket=bucket)
    assert (len(left["Versions"]), "DeleteMarkers" in left) == (1, False)


@behaviour("S3", SUSPENDED)
def test_a_delete_while_versioning_is_suspended_keeps_the_versions(world: World, bucket: str) -> None:
    """In a bucket whose versioning is suspended a delete leaves a marker, `null`, and all versions."""
    s3 = world.s3
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="key", Body=b"1")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    answer = s3.delete_object(Bucket=bucket, Key="key")
    assert (answer["DeleteMarker"], answer["VersionId"]) == (True, "null")
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="key")
    assert s3.get_object(Bucket=bucket, Key="key", VersionId=version)["Body"].read() == b"1"


@behaviour("S3", "GetObject")
def test_an_object_that_is_not_there(world: World, bucket: str) -> None:
    """A key that does not exist is refused with NoSuchKey and 404."""
    with refused("NoSuchKey", status=404):
        world.s3.get_object(Bucket=bucket, Key="absent")


@behaviour("S3", "GetObject")
def test_an_object_that_is_not_there_of_a_bucket_that_may_not_be_listed(world: World, bucket: str) -> None:
    """Who may not list a bucket is refused a key that does not exist with AccessDenied and 403."""
    key = world.name("key")
    reads = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "kms:*"], "Resource": "*"}
    world.sandbox.enforce(key, [{"Statement": [reads]}])
    s3 = world.sandbox.client("s3", aws_access_key_id=key, aws_secret_access_key="x")
    words = (
        f'is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::{bucket}" because no '
        "identity-based policy allows the s3:ListBucket action"
    )
    with refused("AccessDenied", words, status=403):
        s3.get_object(Bucket=bucket, Key="absent")
    with refused("403", "Forbidden", status=403):
        s3.head_object(Bucket=bucket, Key="absent")
    s3.put_object(Bucket=bucket, Key="there", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="there")["Body"].read() == b"1"
    with refused("NoSuchBucket", status=404):
        s3.get_object(Bucket=f"{bucket}-absent", Key="absent")
    lists = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    world.sandbox.enforce(key, [{"Statement": [reads, lists]}])
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="absent")
    with refused("404", "Not Found", status=404):
        s3.head_object(Bucket=bucket, Key="absent")


@behaviour("S3", "GetObject")
def test_the_age_of_an_object(world: World, bucket: str) -> None:
    """The answer's Date less its LastModified is the object's age, by S3's own clock."""
    world.s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    answer = world.s3.get_object(Bucket=bucket, Key="key")
    # One date alone, which is as new as the answer: two are joined by a comma and are no date.
    date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    age = (date - answer["LastModified"]).total_seconds()
    assert -1 <= age < 60, "whole seconds, each rounded in its own way"


@behaviour("S3", "DeleteBucket")
def test_a_bucket_with_objects_stays(world: World, bucket: str) -> None:
    """A bucket that holds objects is refused with BucketNotEmpty and 409."""
    world.s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    with refused("BucketNotEmpty", status=409):
        world.s3.delete_bucket(Bucket=bucket)


@behaviour("S3", "CreateBucket")
def test_bucket_names(world: World) -> None:
    """Names that break the naming rules are refused with InvalidBucketName."""
    client = unchecked(world.sandbox, "s3")
    for name in ("Capitals", "a", "192.168.0.1", "two..dots"):
        with refused("InvalidBucketName"):
            client.create_bucket(Bucket=name)


@behaviour("S3", "PutBucketPolicy")
def test_a_policy_that_is_no_json(world: World, bucket: str) -> None:
    """A bucket policy that is no JSON is refused with MalformedPolicy."""
    with refused("MalformedPolicy", "valid JSON"):
        world.s3.put_bucket_policy(Bucket=bucket, Policy="no policy")


@behaviour("S3", "UploadPart")
def test_a_part_of_no_upload(world: World, bucket: str) -> None:
    """A part of an upload that does not exist is refused with NoSuchUpload and 404."""
    with refused("NoSuchUpload", status=404):
        world.s3.upload_part(Bucket=bucket, Key="key", UploadId="absent", PartNumber=1, Body=b"1")


@behaviour("S3", "RenameObject", covered=False)
def test_rename(world: World, bucket: str) -> None:
    """RenameObject answers NotImplemented and changes nothing."""
    world.s3.put_object(Bucket=bucket, Key="old", Body=b"1")
    with refused("NotImplemented", "RenameObject", 501):
        unchecked(world.sandbox, "s3").rename_object(Bucket=bucket, Key="new", RenameSource=f"{bucket}/old")
    assert world.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


@behaviour("IAM", "CreateRole")
def test_a_role_is_created_once(world: World) -> None:
    """A role whose name is taken is refused with EntityAlreadyExists and 409."""
    iam = world.sandbox.client("iam")
    name = world.name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_policy())
    with refused("EntityAlreadyExists", name, 409):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_policy())


@behaviour("IAM", "CreateRole")
def test_a_role_name_is_too_long(world: World) -> None:
    """A role's name of more than 64 characters is refused with ValidationError."""
    with refused("ValidationError", "at 'roleName' failed to satisfy constraint"):
        unchecked(world.sandbox, "iam").create_role(
            RoleName="r" * 65, AssumeRolePolicyDocument=trust_policy()
        )


@behaviour("IAM", "CreateRole")
def test_a_trust_policy_that_is_no_json(world: World) -> None:
    """A trust policy that is no JSON is refused with MalformedPolicyDocument."""
    with refused("MalformedPolicyDocument"):
        world.sandbox.client("iam").create_role(RoleName="broken", AssumeRolePolicyDocument="no policy")


@behaviour("IAM", "GetRole")
def test_a_role_that_is_not_there(world: World) -> None:
    """A role that does not exist is refused with NoSuchEntity and 404."""
    with refused("NoSuchEntity", "absent", 404):
        world.sandbox.client("iam").get_role(RoleName="absent")


@behaviour("IAM", "DeleteRole")
def test_a_role_with_policies_stays(world: World) -> None:
    """A role to which a policy is attached is refused with DeleteConflict and 409."""
    iam = world.sandbox.client("iam")
    name = world.name("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_policy())
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    with refused("DeleteConflict", status=409):
        iam.delete_role(RoleName=name)


@behaviour("KMS", "Encrypt")
def test_what_is_encrypted_is_decrypted(world: World) -> None:
    """What a key encrypts it decrypts, with the same encryption context only."""
    kms = world.sandbox.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext={"a": "b"})["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == b"secret"
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "c"})


@behaviour("KMS", "DescribeKey")
def test_a_key_that_is_not_there(world: World) -> None:
    """An alias that does not exist is refused with NotFoundException."""
    with refused("NotFoundException", "alias/absent"):
        world.sandbox.client("kms").describe_key(KeyId="alias/absent")


@behaviour("KMS", "ScheduleKeyDeletion")
def test_a_key_is_deleted_later(world: World) -> None:
    """A key that is scheduled for deletion is PendingDeletion from then on."""
    kms = world.sandbox.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


@behaviour("SNS", "Publish")
def test_a_message_reaches_a_queue(world: World) -> None:
    """A message to a topic reaches the queues that are subscribed to it."""
    sns, sqs = world.sandbox.client("sns"), world.sandbox.client("sqs")
    topic = sns.create_topic(Name=world.name("topic"))["TopicArn"]
    queue = sqs.create_queue(QueueName=world.name("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="hello", Subject="about")
    messages: Any = wait_for(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), "the message")
    body = json.loads(messages[0]["Body"])
    assert (body["Message"], body["Subject"], body["TopicArn"]) == ("hello", "about", topic)


@behaviour("SNS", "Publish")
def test_a_message_to_no_topic(world: World) -> None:
    """A message to a topic that does not exist is refused with NotFound and 404."""
    with refused("NotFound", status=404):
        world.sandbox.client("sns").publish(
            TopicArn="arn:aws:sns:us-east-1:123456789012:absent", Message="hello"
        )


@behaviour("SNS", "Publish")
def test_a_message_to_nobody(world: World) -> None:
    """A message without a topic, target or number is refused with InvalidParameter."""
    with refused("InvalidParameter", "TopicArn or TargetArn"):
        world.sandbox.client("sns").publish(Message="hello")
