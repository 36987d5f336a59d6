"""The SageMaker SDK's resources, as its users call them: create, wait, invoke, update, delete.

Arguments: a name, an image, a role, and the models of two releases. Prints one JSON object.
"""

import json
import sys

from botocore.exceptions import ClientError
from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant


def main(name: str, image: str, role: str, first: str, second: str) -> None:
    """Take one endpoint through its life."""
    seen: dict[str, object] = {}
    config = release(name, "1", image, role, first)
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=config.get_name())
    endpoint.wait_for_status("InService", poll=1, timeout=60)
    seen["first"] = answer(endpoint)

    found = Endpoint.get(endpoint_name=name)
    seen["status"] = found.endpoint_status
    seen["image"] = found.production_variants[0].deployed_images[0].specified_image
    seen["listed"] = [e.get_name() for e in Endpoint.get_all(name_contains=name)]
    seen["models"] = sorted(m.get_name() for m in Model.get_all(name_contains=name))
    seen["configs"] = sorted(c.get_name() for c in EndpointConfig.get_all(name_contains=name))

    after = release(name, "2", image, role, second)
    endpoint.endpoint_config_name = after.get_name()
    endpoint.update(retain_all_variant_properties=False)
    endpoint.wait_for_status("InService", poll=1, timeout=60)
    seen["second"] = answer(endpoint)
    seen["config"] = endpoint.refresh().endpoint_config_name

    endpoint.delete()
    endpoint.wait_for_delete(poll=1, timeout=60)
    for number in ("1", "2"):
        EndpointConfig.get(endpoint_config_name=f"{name}-{number}").delete()
        Model.get(model_name=f"{name}-{number}").delete()
    try:
        Model.get(model_name=f"{name}-1")
    except ClientError as error:
        seen["gone"] = error.response["Error"]["Code"]
    print(json.dumps(seen))


def release(name: str, number: str, image: str, role: str, artifact: str) -> EndpointConfig:
    """A model and an endpoint config of it."""
    container = ContainerDefinition(image=image, model_data_url=artifact, environment={"VERSION": number})
    model = Model.create(model_name=f"{name}-{number}", primary_container=container, execution_role_arn=role)
    assert Model.get(model_name=model.get_name()).primary_container.image == image
    variant = ProductionVariant(
        variant_name="live",
        model_name=model.get_name(),
        instance_type="ml.m5.large",
        initial_instance_count=1,
    )
    EndpointConfig.create(endpoint_config_name=f"{name}-{number}", production_variants=[variant])
    return EndpointConfig.get(endpoint_config_name=f"{name}-{number}")


def answer(endpoint: Endpoint) -> dict[str, object]:
    """What the endpoint answers."""
    return json.loads(endpoint.invoke(body=b"hi", content_type="text/plain").body.read())


if __name__ == "__main__":
    main(*sys.argv[1:])
