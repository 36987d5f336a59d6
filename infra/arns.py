"""ARNs as pure functions of names: a policy can name what it allows before anything exists."""

from dataclasses import dataclass

from release.domain import regions


@dataclass(frozen=True)
class Place:
    """One account in one region."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """AWS's partition of the region."""
        return regions.partition(self.region) or "aws"

    def arn(self, service: str, resource: str) -> str:
        """ARN of a resource of this place."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def bucket(self, name: str) -> str:
        """ARN of a bucket; S3 puts neither account nor region into it."""
        return f"arn:{self.partition}:s3:::{name}"

    def dashboard(self, name: str) -> str:
        """ARN of a dashboard of CloudWatch's, which have no region."""
        return f"arn:{self.partition}:cloudwatch::{self.account}:dashboard/{name}"

    def iam(self, resource: str) -> str:
        """ARN of a resource of IAM's, which knows no region: `role/…`."""
        return f"arn:{self.partition}:iam::{self.account}:{resource}"

    def root(self) -> str:
        """The account itself as a principal: whoever its IAM policies allow."""
        return self.iam("root")
