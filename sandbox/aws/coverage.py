"""What the sandbox does not cover, said so that the next reader knows where it would go.

moto says of most actions whether it knows them. Of S3's it does not: it takes those that it does not know for
others (`PUT /bucket/key?renameObject` for PutObject), so they are named here.
"""

from typing import Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

_MODULES: Final = {
    "application-autoscaling": "sandbox/aws/autoscaling.py",
    "cloudwatch": "sandbox/aws/cloudwatch/",
    "ecr": "sandbox/aws/ecr.py",
    "logs": "sandbox/aws/logs/",
    "s3": "sandbox/aws/s3.py",
    "sagemaker": "sandbox/aws/sagemaker/",
    "sagemaker-runtime": "sandbox/aws/sagemaker_runtime/",
}

S3_UNCOVERED: Final = frozenset(
    {
        "CreateBucketMetadataConfiguration",
        "CreateBucketMetadataTableConfiguration",
        "CreateSession",
        "DeleteBucketAnalyticsConfiguration",
        "DeleteBucketIntelligentTieringConfiguration",
        "DeleteBucketMetadataConfiguration",
        "DeleteBucketMetadataTableConfiguration",
        "DeleteBucketMetricsConfiguration",
        "DeleteObjectAnnotation",
        "GetBucketAbac",
        "GetBucketAnalyticsConfiguration",
        "GetBucketIntelligentTieringConfiguration",
        "GetBucketMetadataConfiguration",
        "GetBucketMetadataTableConfiguration",
        "GetBucketMetricsConfiguration",
        "GetObjectAnnotation",
        "GetObjectTorrent",
        "ListBucketAnalyticsConfigurations",
        "ListBucketIntelligentTieringConfigurations",
        "ListBucketMetricsConfigurations",
        "ListObjectAnnotations",
        "PutBucketAbac",
        "PutBucketAnalyticsConfiguration",
        "PutBucketIntelligentTieringConfiguration",
        "PutBucketMetricsConfiguration",
        "PutObjectAnnotation",
        "RenameObject",
        "UpdateBucketMetadataAnnotationTableConfiguration",
        "UpdateBucketMetadataInventoryTableConfiguration",
        "UpdateBucketMetadataJournalTableConfiguration",
        "UpdateObjectEncryption",
        "WriteGetObjectResponse",
    }
)


class Dispatcher(DomainDispatcherApplication):
    """moto's WSGI application; a service that moto lacks raises NotImplementedError."""

    def get_backend_for_host(self, host: str | None) -> Any:
        """The backend of a host name; moto asks first with None."""
        backend = super().get_backend_for_host(host)
        if backend is None and host is not None:
            raise NotImplementedError(host)
        return backend


def not_covered(service: str, action: str) -> str:
    """The message of a NotImplemented answer: what is missing, and where it would be added."""
    name = service.replace("-", "_") or "the_service"
    module = _MODULES.get(service, f"a module sandbox/aws/{name}.py, installed in sandbox/assembly.py")
    return f"The sandbox does not cover {service} {action or 'requests of this kind'}. Add it in {module}."
