"""Why a deployment failed, in the words that SageMaker gives as FailureReason.

People met IMAGE_DENIED in aws/sagemaker-python-sdk#2002, IMAGES_DENIED in
yuyasugano/terraform-sagemaker-sample-1#1, NO_DATA in aws-samples/cvat-on-aws-china#3, NO_ARCHIVE in
aws/deep-learning-containers#569, QUOTA_EXCEEDED (which refuses the call itself, as ResourceLimitExceeded) in
aws-samples/sagemaker-custom-project-templates#51. KEY_DENIED and ROLE_DENIED end in the words that IAM has
for every denied action (for KMS: 4dn-dcic/tibanna#402); NOT_ASSUMED are SageMaker's for a job's role.
"""

NO_REGISTRY = "Failed to pull the image: the registry is not available. Please try again after some time."
PING_FAILED = (
    "The primary container for production variant {} did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)
NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time."
)
QUOTA_EXCEEDED = (
    "The account-level service limit '{} for endpoint usage' is {} Instances, with current utilization of {} "
    "Instances and a request delta of {} Instances. Please contact AWS support to request an increase for "
    "this limit."
)
IMAGE_DENIED = "The role '{}' does not have BatchGetImage permission for the image: '{}'."
IMAGES_DENIED = (
    "Please make sure all images included in the model for the production variant {} exist, and that the "
    "execution role used to create the model has permissions to access them."
)
NOT_ASSUMED = (
    "Could not assume role {}. Please ensure that the role exists and allows principal "
    "'sagemaker.amazonaws.com' to assume the role."
)
ROLE_DENIED = (
    "User: {} is not authorized to perform: {} on resource: {} because no identity-based policy allows the "
    "{} action"
)
NO_DATA = (
    'Failed to download model data for container "container_1" from URL: "{}". Please ensure that there is '
    "an object located at the URL and that the role passed to CreateModel has permissions to download the "
    "object."
)
NO_ARCHIVE = (
    'Failed to extract model data archive for container "container_1" from URL "{}". Please ensure that the '
    "object located at the URL is a valid tar.gz archive."
)
KEY_DENIED = (
    'Failed to download model data for container "container_1" from URL: "{}". User: {} is not authorized to '
    "perform: kms:Decrypt on the resource associated with this ciphertext because no identity-based policy "
    "allows the kms:Decrypt action"
)
ALARM_TRIPPED = (
    "One or more CloudWatch alarms went into ALARM state during the deployment: {}. It was rolled back."
)
TOO_LONG = "The deployment did not finish within MaximumExecutionTimeoutInSeconds and was rolled back."
INTERNAL = "Request to service failed. If failure persists after retry, contact customer support."


class DeploymentFailed(Exception):
    """A deployment failed; `reason` becomes the endpoint's FailureReason.

    `stuck` says that it cannot be taken back either.
    """

    def __init__(self, reason: str | None, *, stuck: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stuck = stuck
