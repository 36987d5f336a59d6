"""Entry point: `python -m sandbox.pulumi.language_host --executor FILE <the engine's flags and address>`.

The engine's flags have changed between versions; all but ours are ignored.
"""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from sandbox.pulumi import engine_plugin


def main(argv: list[str]) -> NoReturn:
    """Serve the language host until the engine stops it."""
    parser = argparse.ArgumentParser(prog="pulumi-language-python", description=__doc__)
    parser.add_argument("--executor", type=Path, required=True, help="the SDK's pulumi-language-python-exec")
    ours, engine = parser.parse_known_args(argv)
    addresses = [argument for argument in engine if not argument.startswith("-")]

    engine_plugin.import_protocol_only()
    from sandbox.pulumi.language_host.server import LanguageHost

    host = LanguageHost(executor=ours.executor, engine_address=addresses[-1] if addresses else "")
    engine_plugin.serve(host.register, host.stop)


if __name__ == "__main__":
    main(sys.argv[1:])
