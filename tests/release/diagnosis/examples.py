"""One example of every known failure: the words as AWS, Pulumi or a container say them."""

from release.domain.diagnosis.symptoms import Alarm, LogStream, Symptoms

PING = (
    "the endpoint config is delays-dev-1, the pin says delays-dev-2. SageMaker's reason: The primary "
    "container "
    "for production variant live did not pass the ping health check. Please check CloudWatch logs for this "
    "endpoint."
)
LISTENS = "2026-01-01 00:00:00,000 INFO [7] listening on 0.0.0.0 port 8080"
READY = "2026-01-01 00:00:01,000 INFO [7] ready: /opt/ml/model"
ERROR = "2026-01-01 00:00:01,000 ERROR [7] "
MODEL_DATA = (
    'Failed to download model data for container "container_1" from URL: "s3://b/model.tar.gz". Please '
    "ensure that there is an object located at the URL and that the role passed to CreateModel has "
    "permissions to "
    "download the object."
)
IMAGES = (
    "Please make sure all images included in the model for the production variant live exist, and that the "
    "execution role used to create the model has permissions to access them"
)
DENIED = "User: arn:aws:sts::123456789012:assumed-role/ci/job is not authorized to perform: "
INVOKED = "An error occurred (ModelError) when calling the InvokeEndpoint operation: "


def symptoms(reason: str = "", **values) -> Symptoms:
    """Symptoms of `delays` in dev."""
    group = "/aws/sagemaker/Endpoints/delays-dev"
    return Symptoms(stage="dev", endpoint="delays-dev", log_group=group, reason=reason, **values)


def container(*lines: str, reason: str = PING, **values) -> Symptoms:
    """A container that printed this."""
    return symptoms(reason, streams=(LogStream("live/i-1", lines),), **values)


def alarm(rang: bool = True) -> tuple[Alarm, ...]:
    """The alarms of the endpoint, that of errors ringing."""
    why = "Threshold Crossed: 1 datapoint [100.0 (01/01/26 00:00:00)] was greater than the threshold (1.0)."
    return Alarm("delays-dev-latency", False), Alarm("delays-dev-errors", rang, why)


EXAMPLES = {
    "quota": symptoms(
        "An error occurred (ResourceLimitExceeded) when calling the UpdateEndpoint operation: The "
        "account-level "
        "service limit 'ml.m7i.large for endpoint usage' is 0 Instances, with current utilization of 0 "
        "Instances and a request delta of 2 Instances. Please contact AWS support."
    ),
    "no-capacity": symptoms(
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
    ),
    "pass-role": symptoms(
        DENIED + "iam:PassRole on resource: arn:aws:iam::123456789012:role/slipway-dev-us-east-1-execution "
        "because no identity-based policy allows the iam:PassRole action"
    ),
    "key-denied": symptoms(DENIED + "kms:Decrypt on the resource associated with this ciphertext"),
    "image-denied": symptoms("The role 'r' does not have BatchGetImage permission for the image: 'i'."),
    "image-missing": symptoms("Requested image 1.dkr.ecr.us-east-1.amazonaws.com/a@sha256:0 not found."),
    "registry-outage": symptoms("Failed to pull the image: the registry is not available. Please try again."),
    "role-not-assumed": symptoms(
        "Could not assume role arn:aws:iam::1:role/x. Please ensure that the role exists and allows "
        "principal "
        "'sagemaker.amazonaws.com' to assume the role."
    ),
    "artifact-changed": container(ERROR + "The model in /opt/ml/model is damaged: x", artifact="changed"),
    "artifact-missing": symptoms(MODEL_DATA, artifact="missing"),
    "artifact-denied": symptoms(MODEL_DATA, artifact="intact"),
    "artifact-not-downloaded": symptoms(MODEL_DATA),
    "artifact-not-archive": symptoms(
        'Failed to extract model data archive for container "container_1" from URL "s3://b/model.tar.gz". '
        "Please ensure that the object located at the URL is a valid tar.gz archive."
    ),
    "sandbox-image": symptoms(PING, sandbox_image=True),
    "permission": symptoms(DENIED + "sagemaker:UpdateEndpoint on resource: x"),
    "credentials-expired": symptoms("ExpiredToken: The security token included in the request is expired"),
    "clock": symptoms("InvalidSignatureException: Signature expired: 20260101T000000Z is now earlier than"),
    "stack-locked": symptoms("The stack dev is locked by ci on runner-1, process 7."),
    "provider-missing": symptoms("error: no resource plugin 'pulumi-resource-aws' found in the workspace"),
    "no-pulumi": symptoms("pulumi is not on PATH."),
    "throttled": symptoms(
        "An error occurred (ThrottlingException) when calling the DescribeEndpoint operation: Rate exceeded"
    ),
    "wrong-architecture": container("exec /opt/program/serve: exec format error"),
    "no-program": container('exec: "serve": executable file not found in $PATH'),
    "setting-invalid": container(
        ERROR + "SAGEMAKER_MODEL_SERVER_WORKERS is 'many', and has to be a whole number from 1 to 256."
    ),
    "module-missing": container(
        "Traceback (most recent call last):", "ModuleNotFoundError: No module named 'onnxruntime'"
    ),
    "library-missing": container("ImportError: libgomp.so.1: cannot open shared object file: No such file"),
    "layout-wrong": container(
        LISTENS,
        ERROR
        + "There is no model in /opt/ml/model: checksums.json cannot be read (No such file or directory).",
    ),
    "model-damaged": container(
        LISTENS, ERROR + "The model in /opt/ml/model is damaged: model.onnx has SHA-256 0, and checksums.json"
    ),
    "schema-mismatch": container(
        ERROR
        + "model.onnx cannot be served: for 'distance' it has no such input, and schema.json tensor(float)."
    ),
    "onnx-version": container(
        ERROR + "model.onnx cannot be served: ONNX Runtime cannot load it: [ONNXRuntimeError] : 1 : FAIL : "
        "/onnxruntime_src/onnxruntime/core/graph/model_load_utils.h:46 void onnxruntime::model_load_utils::"
        "ValidateOpsetForDomain(const std::unordered_map<std::__cxx11::basic_string<char>, int>&, const "
        "onnxruntime::logging::Logger&, bool, const std::string&, int) ONNX Runtime only *guarantees* "
        "support for models stamped with official released onnx opset versions. Opset 999 is under "
        "development and support for this is limited."
    ),
    "onnx-unusable": container(
        ERROR + "model.onnx cannot be served: ONNX Runtime cannot load it: Protobuf parsing failed."
    ),
    "schema-invalid": container(ERROR + "schema.json is not the schema of a service: it names no feature."),
    "out-of-memory": container(LISTENS, ERROR + "worker 9 ended with -9"),
    "disk-full": container("OSError: [Errno 28] No space left on device: '/tmp/cache'"),
    "read-only": container("OSError: [Errno 30] Read-only file system: '/opt/ml/model/cache'"),
    "not-permitted": container("PermissionError: [Errno 13] Permission denied: '/opt/program/serve'"),
    "port-taken": container("OSError: [Errno 98] Address already in use"),
    "no-network": container("socket.gaierror: [Errno -3] Temporary failure in name resolution"),
    "traceback": container("Traceback (most recent call last):", "  File x", "KeyError: 'weights'"),
    "worker-ended": container(LISTENS, ERROR + "worker 9 ended with -11"),
    "crash-loop": container(
        LISTENS, READY, LISTENS, READY, reason="CloudWatch alarms went into ALARM state: delays-dev-errors"
    ),
    "ready-but-no-ping": container(LISTENS, READY),
    "slow-start": container(LISTENS),
    "silent-container": container(),
    "no-ping": container("Starting development server"),
    "judged-worse": symptoms("the judge says FAIL: score: score above q60 is beyond its FAIL margin"),
    "beyond-limits": symptoms("under the stage's limits: FAIL: errors: more than 1 % answered with a 5xx"),
    "no-traffic": symptoms(
        "held for 600 s without a PASS: no traffic to judge by: send the endpoint requests"
    ),
    "evidence-missing": symptoms("held for 600 s without a PASS: evidence is missing: Rate exceeded"),
    "undecided": symptoms("held for 600 s without a PASS: PASS waits for proof of p99 ok"),
    "differs-from-live": symptoms(
        "its golden scores differ from live's by 0.4 in the mean, and 0.2 is allowed", artifact="intact"
    ),
    "no-capacity-for-its-share": symptoms(
        "the candidate's fleet did not grow to 3 instances. SageMaker's reason: none given"
    ),
    "aborted": symptoms("ci on host-7 said abort: callers report wrong delays"),
    "alarm": symptoms(
        "SageMaker's reason: One or more CloudWatch alarms went into ALARM state during the deployment: "
        "delays-dev-errors. It was rolled back.",
        alarms=alarm(),
    ),
    "wrong-answer": symptoms(
        "golden request 1 of 3: row 0 scored 0.910000, training says 0.500000", artifact="intact"
    ),
    "answer-changes": symptoms(
        "golden request 1 of 2: the same request got two answers: 0.71 at /churns/0, where 0.7 was before"
    ),
    "another-answer": symptoms(
        "golden request 1 of 2: it answers 0.9 at /churns/0, where 0.5 is expected", artifact="intact"
    ),
    "no-windows": symptoms("it printed no windows, and its evidence says prints_windows: the judge would"),
    "request-refused": symptoms(
        f'golden request 1 of 3: {INVOKED}Received client error (415) from primary with message "x". See y'
    ),
    "answer-unreadable": symptoms("golden request 2 of 3: the answer cannot be read: 'predictions'"),
    "invocation-timeout": symptoms(
        f"golden request 1 of 3: {INVOKED}Your invocation timed out while waiting for a response from "
        "container primary."
    ),
    "container-fails": symptoms(
        f'golden request 1 of 3: {INVOKED}Received server error (500) from primary with message "x". See y'
    ),
    "not-answered": symptoms(
        "golden request 1 of 3: An error occurred (InternalFailure) when calling the InvokeEndpoint operation"
    ),
    "update-timeout": symptoms(
        "The deployment did not finish within MaximumExecutionTimeoutInSeconds and was rolled back."
    ),
    "still-working": symptoms("delays-dev is still Updating after 3600 s."),
    "rollback-failed": symptoms("the status is UpdateRollbackFailed, the pin says InService"),
    "endpoint-failed": symptoms("the endpoint is Failed: ", status="Failed"),
    "endpoint-gone": symptoms("the endpoint delays-dev does not exist"),
    "by-a-person": symptoms("taken back by a rollback while its own process was gone"),
    "silent-rollback": symptoms("the endpoint config is delays-dev-1, the pin says delays-dev-2"),
    "other-weights": symptoms("the weight of live is 2.0, the pin says 1.0"),
    "other-image": symptoms("the image digest of live is sha256:0…, the pin says sha256:1…"),
    "half-way": symptoms("stopped half-way at moving", status="Updating"),
    "alarm-now": symptoms(status="InService", alarms=alarm()),
}
"""By the rule that has to recognise it."""

ALSO = (
    ("image-denied", symptoms(IMAGES, image_present=True)),
    ("image-missing", symptoms(IMAGES, image_present=False)),
    ("image-missing", symptoms(IMAGES)),
    ("image-missing", symptoms(PING, image_present=False)),
    ("role-not-assumed", symptoms(PING, role_present=False)),
    ("artifact-denied", symptoms(DENIED + "s3:GetObject on resource: x")),
    ("artifact-missing", container(LISTENS, artifact="missing")),
    ("no-program", container("exec /opt/program/serve: no such file or directory")),
    (
        "no-program",
        symptoms("CannotStartContainerError. Please ensure the model container for variant live starts"),
    ),
    (
        "onnx-version",
        container(
            ERROR
            + "model.onnx cannot be served: ONNX Runtime cannot load it: [ONNXRuntimeError] : 1 : FAIL : "
            "Unsupported model IR version: 99, max supported IR version: 14"
        ),
    ),
    (
        "layout-wrong",
        container(ERROR + "The model in /opt/ml/model is damaged: checksums.json does not name model.onnx."),
    ),
    ("out-of-memory", container("Traceback (most recent call last):", "MemoryError")),
    ("out-of-memory", container("terminate called after throwing an instance of 'std::bad_alloc'")),
    ("rollback-failed", symptoms(status="UpdateRollbackFailed")),
    (
        "module-missing",
        container("ModuleNotFoundError: No module named 'a.b'", reason="the endpoint is Failed"),
    ),
    ("wrong-answer", container("PermissionError", reason="golden request 1 of 1: 2 scores for 3 rows")),
    ("no-ping", symptoms(PING, unasked=("the container's log (ClientError)",))),
    # Two workers begin to listen before one of them is ready: that is no restart.
    ("ready-but-no-ping", container(LISTENS, LISTENS, READY, READY)),
)
"""Other ways in which rules recognise theirs, and signs that must not mislead."""
