"""Entry point: `python -m sandbox.pulumi.provider ADDRESS`; prints its port, then serves the engine there."""

from typing import NoReturn

from sandbox.pulumi import engine_plugin
from sandbox.pulumi.toolchain import AWS_PROVIDER_VERSION


def main() -> NoReturn:
    """Serve the provider until the engine stops it."""
    engine_plugin.import_protocol_only()
    from sandbox.pulumi.provider.server import AwsProvider

    provider = AwsProvider(AWS_PROVIDER_VERSION)
    engine_plugin.serve(provider.register, provider.stop, workers=32)


if __name__ == "__main__":
    main()
