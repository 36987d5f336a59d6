"""`make judge-image`: the image of the judge's web service (docs/judge-service.md).

`ARGS="--base REPOSITORY@sha256:…"` names the base; without one only a machine with the same Python runs it.
`--push REPOSITORY` puts it into a registry.
"""

import argparse
import sys

from demo.project import ROOT
from model.errors import ModelError
from model.image.build import BuildOptions
from model.image.judge import build_judge_image
from model.image.registry import push

CACHE = ROOT / ".build" / "image"


def main() -> int:
    """Build, and say where it is."""
    parser = argparse.ArgumentParser(prog="make judge-image", description=__doc__)
    parser.add_argument("--base", metavar="REPOSITORY@DIGEST", help="build on this")
    parser.add_argument("--python", default=f"{sys.version_info[0]}.{sys.version_info[1]}", metavar="X.Y")
    parser.add_argument("--push", metavar="REPOSITORY", help="put the result into this registry too")
    args = parser.parse_args()
    try:
        built = build_judge_image(BuildOptions(CACHE, args.base, args.python), print)
        if args.push:
            print(push(built, args.push))
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{built.path}\n{built.digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
