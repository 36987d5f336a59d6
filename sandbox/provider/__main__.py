"""Entry point: `python -m sandbox.provider <engine address>`; prints its port, then serves the engine."""

from typing import NoReturn

from sandbox import engine_plugin
from sandbox.toolchain import AWS_PROVIDER_VERSION


def main() -> NoReturn:
    """Serve the provider until the engine stops it."""
    engine_plugin.import_protocol_only()
    from sandbox.provider.server import AwsProvider

    provider = AwsProvider(AWS_PROVIDER_VERSION)
    engine_plugin.serve(provider.register, provider.stop, workers=32)


if __name__ == "__main__":
    main()
