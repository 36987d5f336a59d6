"""CloudWatch: dashboards."""

from collections.abc import Mapping
from typing import ClassVar

from sandbox.pulumi.provider.aws import Aws, attempt
from sandbox.pulumi.provider.properties import Property, json_document
from sandbox.pulumi.provider.resource import Described, Resource, Update
from sandbox.pulumi.provider.values import Properties

_GONE = ("ResourceNotFound", "DashboardNotFoundError")


class Dashboard(Described):
    """A dashboard. Its id is its name, and its body a JSON document."""

    token = "aws:cloudwatch/dashboard:Dashboard"  # noqa: S105
    label = "CloudWatch Dashboard"
    identity = ("dashboardName",)
    computed = ("dashboardArn",)
    service, member, gone = "cloudwatch", "DashboardName", _GONE
    describe_call = "get_dashboard"
    properties: ClassVar[Mapping[str, Property]] = {
        "dashboardName": Property(required=True, replaces=True),
        "dashboardBody": Property(required=True, normal=json_document),
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["dashboardName"])
        self._put(aws, self.doing("creating", name), inputs)
        return name

    def state(self, aws: Aws, doing: str, identifier: str, found: Mapping[str, str]) -> Properties:
        return {
            "dashboardName": found["DashboardName"],
            "dashboardBody": found["DashboardBody"],
            "dashboardArn": found["DashboardArn"],
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        self._put(aws, self.doing("updating", identifier), update.inputs)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        delete = aws.client("cloudwatch").delete_dashboards
        attempt(self.doing("deleting", identifier), delete, DashboardNames=[identifier])

    def _put(self, aws: Aws, doing: str, inputs: Properties) -> None:
        put = aws.client("cloudwatch").put_dashboard
        attempt(doing, put, DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"])


RESOURCES: tuple[Resource, ...] = (Dashboard(),)
