"""What an account, its permissions, AWS's control plane or Pulumi refuse.

AWS's words are those of its API reference, and of people who met them: the sources are beside the patterns.
"""

from release.domain.diagnosis.rule import Rule, either, holds, says
from release.domain.diagnosis.symptoms import Symptoms

_NOT_AUTHORISED = r"is not (?:authorized|permitted) to perform: ?"
_ARN = r"[\w+=,.@:/*-]+"
# awslabs/predictive-maintenance-using-machine-learning#3, bentoml/BentoML#892
_NO_ROLE = (
    r"[Cc]ould not assume role|unable to assume the role|"
    r'trust relationship policy allows the action "sts:AssumeRole"'
)
# aws/sagemaker-python-sdk#1835
_IMAGE_OR_ROLE = r"Please make sure all images included in the model for the production variant [\w-]+ exist"
# aws-solutions-library-samples/fraud-detection-using-machine-learning#9
_NO_MODEL_DATA = r"Failed to download model data|Could not (?:find|access) model data"


def _image_is_there(symptoms: Symptoms) -> bool:
    return symptoms.image_present is True


def _image_is_missing(symptoms: Symptoms) -> bool:
    return symptoms.image_present is False


def _artifact_is_intact(symptoms: Symptoms) -> bool:
    return symptoms.artifact == "intact"


def _artifact_is_missing(symptoms: Symptoms) -> bool:
    return symptoms.artifact == "missing"


def _artifact_is_changed(symptoms: Symptoms) -> bool:
    return symptoms.artifact == "changed"


def _role_is_missing(symptoms: Symptoms) -> bool:
    return symptoms.role_present is False


RULES = (
    Rule(
        "quota",
        # aws-samples/sagemaker-custom-project-templates#51
        says(
            r"account-level service limit '(?P<limit>[\w. -]{1,80})' is (?P<allowed>\d+) Instances, with "
            r"current utilization of (?P<used>\d+) Instances and a request delta of (?P<more>\d+)"
        ),
        "The account's quota '{limit}' is {allowed}; {used} are in use, and the release needs {more} more.",
        "Ask for a higher quota in Service Quotas (SageMaker, '{limit}'), or set another instance type under "
        "instances.type in Pulumi.{stage}.yaml. An update needs both fleets at once.",
    ),
    Rule(
        "no-capacity",
        says(r"InsufficientInstanceCapacity|[Ii]nsufficient capacity|InsufficientCapacity"),
        "AWS has no free instance of this type in the region at the moment.",
        "Run the same command again later, or set another instance type under instances.type in "
        "Pulumi.{stage}.yaml; for a stage that must always move, reserve capacity.",
    ),
    Rule(
        "pass-role",
        # aws/amazon-sagemaker-feedback#61
        says(_NOT_AUTHORISED + rf"iam:PassRole(?: on resource: (?P<role>{_ARN}))?"),
        "Whoever ran the command may not hand the execution role to SageMaker (iam:PassRole).",
        "Allow iam:PassRole on the stage's execution role to the deploying identity, with the condition "
        "iam:PassedToService sagemaker.amazonaws.com, then run the same command again.",
    ),
    Rule(
        "key-denied",
        # the words of IAM for every action; for KMS seen in 4dn-dcic/tibanna#402
        says(rf"(?:{_NOT_AUTHORISED}(?P<action>kms:\w+)|KMSAccessDenied|kms:\w+ permission)"),
        "The stage's KMS key refuses: the model artifact is encrypted with a key that the execution role may "
        "not use, or the key is disabled.",
        "Allow kms:Decrypt on the key of alias/slipway-{stage} to the execution role (pulumi up restores the "
        "policies of infra/policies.py), look that the key is enabled, then release it again.",
    ),
    Rule(
        "image-denied",
        # aws/sagemaker-python-sdk#2002
        either(
            says(r"does not have BatchGetImage permission for the image"),
            says(_NOT_AUTHORISED + r"ecr:\w+"),
            says(_IMAGE_OR_ROLE, _image_is_there),
        ),
        "The image is in the registry, and the execution role may not pull it.",
        "Allow ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:BatchCheckLayerAvailability on the "
        "stage's repository to the execution role: pulumi up restores it, unless a repository policy or an "
        "organisation's policy denies it.",
    ),
    Rule(
        "image-missing",
        either(
            says(r"Requested image \S{1,200} not found|The image '\S{1,200}' does not exist"),
            says(_IMAGE_OR_ROLE),
            holds("the stage's registry has no image with the pinned digest", _image_is_missing),
        ),
        "The image that the release names is not in the stage's registry any more.",
        "Bring it back by content: ./slipway promote copies it again from the stage before, ./slipway "
        "release "
        "builds it. Then look who deletes images: a release's image has a tag, and no rule here expires it.",
    ),
    Rule(
        "registry-outage",
        says(r"Failed to pull the image: the registry is not available"),
        "The image registry did not answer while SageMaker pulled the image.",
        "Nothing is wrong with the release: run the same command again when ECR is well (AWS Health).",
    ),
    Rule(
        "role-not-assumed",
        either(says(_NO_ROLE), holds("IAM knows no execution role of this stage", _role_is_missing)),
        "SageMaker cannot assume the execution role: it does not exist, or does not trust "
        "sagemaker.amazonaws.com.",
        "Bring role and trust policy back with pulumi up --stack {stage}, then run the same command again. A "
        "role that was made a moment ago needs some seconds.",
    ),
    Rule(
        "artifact-changed",
        holds("the bytes in the bucket have another SHA-256 than the pin", _artifact_is_changed),
        "The model artifact in the bucket is not the one that was proven: somebody wrote over it.",
        "Release or promote it again, which puts the proven bytes back; the bucket keeps versions, and they "
        "say who wrote when.",
    ),
    Rule(
        "artifact-missing",
        either(
            says(_NO_MODEL_DATA, _artifact_is_missing),
            holds("the bucket has no object where the pin says", _artifact_is_missing),
        ),
        "The model artifact is not in the stage's bucket any more.",
        "Release or promote it again, which stores it anew by its checksum; then look in the bucket's "
        "versions who deleted it.",
    ),
    Rule(
        "artifact-denied",
        either(
            says(_NO_MODEL_DATA, _artifact_is_intact),
            says(_NOT_AUTHORISED + r"s3:\w+"),
        ),
        "The artifact is there and whole, and SageMaker could not read it with the execution role.",
        "Allow s3:GetObject on the bucket's models/ to the execution role, and kms:Decrypt on its key "
        "(pulumi "
        "up restores both); bucket and endpoint have to be in one region.",
    ),
    Rule(
        "artifact-not-downloaded",
        says(_NO_MODEL_DATA),
        "SageMaker could not download the model artifact: it is missing, or the execution role may not read "
        "it.",
        "Look whether the object at the pin's `model` is there, and whether the execution role may "
        "s3:GetObject it.",
    ),
    Rule(
        "artifact-not-archive",
        # aws/deep-learning-containers#569
        says(r"Failed to extract model data archive"),
        "The model artifact is no archive that SageMaker can unpack: it has to be a gzipped tar of plain "
        "files, without links.",
        "Package it again with ./slipway train; for a model of your own: tar -czf model.tar.gz -C FOLDER . "
        "and look with tar -tzf.",
    ),
    Rule(
        "sandbox-image",
        holds("the release's image is of the kind `process`", lambda symptoms: symptoms.sandbox_image),
        "The image has no Python of its own: it was built without a base and runs in the sandbox alone.",
        "Set slipway:image to a base by digest in Pulumi.{stage}.yaml (./slipway image base makes one), then "
        "release again.",
    ),
    Rule(
        "permission",
        says(_NOT_AUTHORISED + r"(?P<action>[a-z][\w-]*:\w+)"),
        "Whoever ran the command, or the execution role, may not do {action}.",
        "Allow {action} to the identity that the message names, or ask who set the policy that denies it "
        "(permission boundary, organisation), then run the same command again.",
    ),
    Rule(
        "credentials-expired",
        says(
            r"ExpiredToken\w*|security token included in the request is (?:expired|invalid)|"
            r"[Tt]oken has expired|RequestExpired|InvalidClientTokenId"
        ),
        "The AWS credentials of the command are expired or not valid.",
        "Log in again (aws sso login, or the job's role), then run the same command: it goes on where it "
        "stopped.",
    ),
    Rule(
        "clock",
        says(
            r"Signature expired|RequestTimeTooSkewed|Signature not yet current|RequestInTheFuture|"
            r"clock of this machine is \d+ minutes (?:behind|ahead)"
        ),
        "The clock of this machine is minutes off, so AWS refuses every signature.",
        "Set the clock (NTP), then run the same command again.",
    ),
    Rule(
        "stack-locked",
        says(r"stack \S{1,80} is locked|stack is currently locked|ConcurrentUpdate"),
        "Another pulumi run holds the stack's lock, or left it behind when it died.",
        "Wait for that run. When it is gone: pulumi cancel --stack {stage}, then run the same command again.",
    ),
    Rule(
        "provider-missing",
        says(r"no (?:resource )?plugin '[\w.-]+|could not load plugin|failed to load plugin"),
        "Pulumi cannot start its AWS provider: the plugin is not installed, or its download failed.",
        "Run make setup with a network (or pulumi plugin install), then run the same command again.",
    ),
    Rule(
        "no-pulumi",
        says(r"pulumi is not on PATH"),
        "The pulumi program is not on PATH.",
        "Run make setup, and use ./slipway, which puts it on PATH; then run the same command again.",
    ),
    Rule(
        "throttled",
        says(
            r"Throttling\w*|Rate exceeded|TooManyRequests\w*|RequestLimitExceeded|SlowDown|reduce your "
            r"request"
        ),
        "AWS refused calls because too many came at once (throttling), also after several tries.",
        "Run the same command again in a minute; when it happens often, deploy fewer stages at once or ask "
        "for a higher rate.",
    ),
)
