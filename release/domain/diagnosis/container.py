"""What a container says of itself before it answers its first ping, and what its end looks like.

The lines are those of this repository's server (`model/serving`), of Python, of the container runtime and of
common servers. They hold for a release that never served: one that did is judged by what it answered.
"""

from release.domain.diagnosis.rule import Rule, either, holds, logs, says
from release.domain.diagnosis.symptoms import Symptoms


def _never_served(symptoms: Symptoms) -> bool:
    return not symptoms.served


def _ping_failed(symptoms: Symptoms) -> bool:
    return symptoms.ping_failed


def _asked_logs(symptoms: Symptoms) -> bool:
    return not any("log" in what for what in symptoms.unasked)


def _silent(symptoms: Symptoms) -> bool:
    return _asked_logs(symptoms) and not any(symptoms.lines)


def _listens(symptoms: Symptoms) -> bool:
    return symptoms.listens


def _is_ready(symptoms: Symptoms) -> bool:
    return symptoms.ready


def _not_ready(symptoms: Symptoms) -> bool:
    return not symptoms.ready


RULES = (
    Rule(
        "wrong-architecture",
        # aws-samples/amazon-sagemaker-custom-container#3
        logs(r"[Ee]xec format error|cannot execute binary file", _never_served),
        "The image's program is built for another processor than the instance has (or is no program at all).",
        "Build the image for the instance type: linux/amd64 for Intel and AMD, linux/arm64 for Graviton "
        "(ml.m7g, ml.c7g, …), then release again.",
    ),
    Rule(
        "no-program",
        # shashankprasanna/torchserve-examples#8
        either(
            logs(
                r'exec: "serve": executable file not found in \$PATH|exec [\w./-]{1,120}: no such file',
                _never_served,
            ),
            logs(r"exec [\w./-]{1,120}: permission denied", _never_served),
            # aws/sagemaker-python-sdk#4615
            says(r"CannotStartContainerError", lambda s: not any(s.lines)),
        ),
        "The image has nothing to start: its entrypoint (or `serve` on its PATH) is missing or not "
        "executable.",
        "Give the image an entrypoint that takes the argument `serve` and is executable; try it with docker "
        "run IMAGE serve, then release again.",
    ),
    Rule(
        "setting-invalid",
        logs(r"(?P<variable>(?:SAGEMAKER|SLIPWAY|SM)_[A-Z_]+) is ", _never_served),
        "The server refuses the environment variable {variable}: its value is not one that it takes.",
        "Correct {variable} in the image (ENV) or in the model's Environment, or leave it out, then release "
        "again. Values and bounds: serve --help in the image.",
    ),
    Rule(
        "module-missing",
        logs(r"ModuleNotFoundError: No module named '(?P<module>[\w.]{1,80})'", _never_served),
        "The server ended at its start: the image has no Python module {module}.",
        "Add it to model/serving/requirements.in (or copy the file into the image), lock it with ./slipway "
        "update, then release again.",
    ),
    Rule(
        "library-missing",
        logs(
            r"(?P<library>lib[\w.+-]{1,60}): cannot open shared object file|"
            r"ImportError: cannot import name '(?P<name>\w{1,60})'|version "
            r"`(?P<symbol>GLIBC\w*_[\w.]{1,20})' not found",
            _never_served,
        ),
        "The server ended at its start: a compiled library of the image is missing, or of another version.",
        "Build the image on a base that has it (./slipway image base), with wheels for that base's Python "
        "and "
        "C library, then release again.",
    ),
    Rule(
        "layout-wrong",
        logs(
            r"There is no model in [\w./-]{1,120}|"
            r"is damaged: checksums\.json (?:cannot be understood|does not name)|"
            r"is not at models/NAME/VERSION/",
            _never_served,
        ),
        "model.tar.gz does not have the layout that the server expects: checksums.json, model.onnx and "
        "schema.json at its top, not in a folder.",
        "Package it with ./slipway train; by hand: tar -czf model.tar.gz -C FOLDER . and look with tar -tzf.",
    ),
    Rule(
        "model-damaged",
        logs(r"is damaged: (?P<file>[\w./-]{1,120}) (?:has SHA-256|cannot be read)", _never_served),
        "The file {file} in model.tar.gz is missing, or not the one whose checksum was taken when it was "
        "packaged.",
        "Do not change an artifact after it was made: package it again with ./slipway train, then release "
        "that.",
    ),
    Rule(
        "schema-mismatch",
        logs(
            r"model\.onnx cannot be served: (?:for '(?P<feature>[\w -]{1,60})' it has|schema\.json names "
            r"the output)",
            _never_served,
        ),
        "The model and its schema.json do not fit together: they name other inputs or another output.",
        "Train and package both in one run (./slipway train), after a change of the features too, "
        "then release that.",
    ),
    Rule(
        "onnx-version",
        logs(
            r"(?P<what>[Oo]pset \d{1,6}|model IR version: \d{1,6})(?: is under development|, max supported)",
            _never_served,
        ),
        "The model was exported for a newer ONNX than the image's ONNX Runtime knows ({what}).",
        "Export it with a lower opset, or raise onnxruntime in model/serving/requirements.in (./slipway "
        "update), then release again.",
    ),
    Rule(
        "onnx-unusable",
        logs(r"model\.onnx cannot be served", _never_served),
        "ONNX Runtime cannot serve model.onnx: it is no valid graph, or not one that scores a row.",
        "Export the model again with the versions of model/serving/requirements.txt; ./slipway train checks "
        "that graph and model agree.",
    ),
    Rule(
        "schema-invalid",
        logs(r"schema\.json is not the schema of a service", _never_served),
        "schema.json in model.tar.gz is not a schema that the server can check requests with.",
        "Package the model again with ./slipway train, which writes it from what the service tells.",
    ),
    Rule(
        "out-of-memory",
        either(
            logs(
                r"MemoryError|std::bad_alloc|[Cc]annot allocate memory|OutOfMemory\w*|oom-kill|Killed "
                r"process \d+"
            ),
            logs(r"worker \d+ ended with -9|exit(?:ed with)? code 137"),
        ),
        "The container ran out of memory: its processes were killed, or could not get what they asked for.",
        "Set a larger type under instances.type in Pulumi.{stage}.yaml, or fewer workers "
        "(SAGEMAKER_MODEL_SERVER_WORKERS): each loads the model once. MemoryUtilization of the endpoint in "
        "CloudWatch says how much it took.",
    ),
    Rule(
        "disk-full",
        logs(r"No space left on device|Disk quota exceeded"),
        "The container's disk (or /tmp, which is small and in memory) is full.",
        "Write less into /tmp, make the artifact smaller, or take an instance type with a larger volume, "
        "then "
        "release again.",
    ),
    Rule(
        "read-only",
        logs(r"Read-only file system", _never_served),
        "The server wants to write where the file system is read-only: outside /tmp, or into the model's "
        "folder.",
        "Let it write to /tmp alone (caches by HOME, XDG_CACHE_HOME, MPLCONFIGDIR), then release again.",
    ),
    Rule(
        "not-permitted",
        logs(r"PermissionError: \[Errno 13\]|Permission denied", _never_served),
        "The server may not open a file: the image's files or its user do not fit together.",
        "Make the image's files readable for everybody (the image's own user is nobody in particular), then "
        "release again.",
    ),
    Rule(
        "port-taken",
        logs(r"[Aa]ddress already in use|port (?P<port>\d{1,5}) is (?:taken|in use)", _never_served),
        "The server cannot listen: its port is taken by another process of the container.",
        "Start one server only, on SAGEMAKER_BIND_TO_PORT (8080 where it is not set), then release again.",
    ),
    Rule(
        "no-network",
        logs(
            r"[Tt]emporary failure in name resolution|[Nn]ame or service not known|Network is unreachable|"
            r"Could not connect to the endpoint URL|Max retries exceeded with url|NewConnectionError",
            _never_served,
        ),
        "The server wants something from the network while it starts (a download), and has none: the network "
        "is isolated.",
        "Put what it downloads into the image or into model.tar.gz, then release again.",
    ),
    Rule(
        "traceback",
        logs(
            r"^(?:[\w.]{1,80}\.)?(?P<error>[A-Z]\w{1,60}(?:Error|Exception|Interrupt|Exit))(?=:|$)",
            _never_served,
        ),
        "The server ended at its start with an exception of the kind {error}.",
        "Read the traceback: aws logs tail {log_group} --since 1h. Correct it, try the image with docker run "
        "IMAGE serve, then release again.",
    ),
    Rule(
        "worker-ended",
        logs(r"worker \d+ ended with (?P<code>-?\d+)"),
        "A worker of the server ended by itself (code {code}), which takes the whole container down.",
        "Code -11 is a crash of a compiled library, -9 a kill, 1 an exception in the log above it: aws logs "
        "tail {log_group} --since 1h. Correct it, then release again.",
    ),
    Rule(
        "crash-loop",
        holds("a container began to listen again after it was ready", lambda s: s.restarts > 0),
        "The server crashes and is started again and again: its process ends without a word, under load or "
        "after its start.",
        "Send the golden requests to the image on your machine (./slipway sandbox up, then release there); a "
        "crash of a compiled library leaves no line in the log.",
    ),
    Rule(
        "ready-but-no-ping",
        holds("the log says ready, and SageMaker's ping failed", _ping_failed, _is_ready),
        "The server says that it is ready, and SageMaker did not see GET /ping answer 200 within 2 s: it "
        "came "
        "after the time for it (8 minutes), or it answers something else.",
        "Make the start shorter (a smaller model, fewer workers, nothing to download), and answer /ping "
        "without scoring anything, then release again.",
    ),
    Rule(
        "slow-start",
        holds("the log says listening and never ready", _ping_failed, _listens, _not_ready),
        "The server listens and did not become ready in time: it was still loading the model.",
        "Make model or start smaller, or take a faster instance type (instances.type in "
        "Pulumi.{stage}.yaml), "
        "then release again.",
    ),
    Rule(
        "silent-container",
        holds("its log is empty", _ping_failed, _silent),
        "The container never answered its ping and printed nothing: its program hangs, or was never reached.",
        "Run the image with docker run -p 8080:8080 IMAGE serve and ask it for /ping; it has to listen on "
        "SAGEMAKER_BIND_TO_PORT, on all addresses.",
    ),
    Rule(
        "no-ping",
        says(r"did not pass the ping health check"),
        "The container started and never answered GET /ping on its port with 200.",
        "It has to listen on SAGEMAKER_BIND_TO_PORT (8080), on all addresses, and answer within 2 s: aws "
        "logs "
        "tail {log_group} --since 1h says what it did instead.",
    ),
)
