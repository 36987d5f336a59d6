"""What CreateEndpointConfig refuses of variants, in SageMaker's words."""

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError


def check_variants(request: Mapping[str, Any]) -> None:
    """Raise SageMaker's ValidationException for variants that cannot be together, or at all."""
    production, shadow = request["ProductionVariants"], request.get("ShadowProductionVariants", [])
    names = [variant["VariantName"] for variant in [*production, *shadow]]
    if len(set(names)) != len(names):
        raise ValidationError(f"Duplicate variant names {names}: each must be unique in the endpoint config.")
    if shadow and (len(production), len(shadow)) != (1, 1):
        raise ValidationError(
            "A shadow variant needs exactly one production variant, and there can be only one: "
            f"{len(production)} ProductionVariants and {len(shadow)} ShadowProductionVariants were given."
        )
    for variant in [*production, *shadow]:
        name = variant["VariantName"]
        if "ModelName" not in variant:
            raise ValidationError("The sandbox runs production variants that name a model.")
        if ("InstanceType" in variant) == ("ServerlessConfig" in variant):
            raise ValidationError(
                f"Production variant {name} must have either InstanceType and InitialInstanceCount, or "
                "ServerlessConfig."
            )
        if "InstanceType" in variant and "InitialInstanceCount" not in variant:
            raise ValidationError(f"Production variant {name} must have an InitialInstanceCount.")
