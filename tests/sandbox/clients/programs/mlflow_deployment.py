"""mlflow's deployment client for SageMaker: create, list, get, predict, update, delete.

Arguments: a name, an image and a role. Prints one JSON object.
"""

import json
import sys
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas
from mlflow.deployments import get_deploy_client


class Model(mlflow.pyfunc.PythonModel):
    """A model whose image does the work; mlflow only packs it."""

    def predict(self, context, model_input, params=None):
        """The input, as it is."""
        return model_input


def main(name: str, image: str, role: str) -> None:
    """Take one deployment through its life."""
    mlflow.pyfunc.save_model("saved", python_model=Model(), pip_requirements=[])
    Path("saved/model.txt").write_text("packed by mlflow")
    client: Any = get_deploy_client("sagemaker:/us-east-1")
    config = {
        "image_url": image,
        "execution_role_arn": role,
        "instance_type": "ml.m5.large",
        "instance_count": 1,
        "timeout_seconds": 90,
    }
    seen: dict[str, Any] = {}
    client.create_deployment(
        name, "saved", flavor="python_function", config={**config, "env": {"VERSION": "1"}}
    )
    seen["status"] = client.get_deployment(name)["EndpointStatus"]
    seen["listed"] = [d["EndpointName"] for d in client.list_deployments()]
    frame = pandas.DataFrame({"distance": [1.5]})
    seen["first"] = json.loads(client.predict(name, frame).to_json())
    client.update_deployment(
        name,
        "saved",
        flavor="python_function",
        config={**config, "mode": "replace", "env": {"VERSION": "2"}},
    )
    seen["second"] = json.loads(client.predict(name, frame).to_json())
    client.delete_deployment(name, config={"timeout_seconds": 60})
    seen["left"] = [d["EndpointName"] for d in client.list_deployments()]
    print(json.dumps(seen, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
