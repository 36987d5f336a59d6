"""AWS's partitions and their regions. Pure; a test holds them against botocore's own `partitions.json`.

They are written down and not asked for, because the Pulumi program would load all of botocore for them.
"""

import re

PARTITIONS = {
    "aws": r"^(us|eu|ap|sa|ca|me|af|il|mx)\-\w+\-\d+$",
    "aws-cn": r"^cn\-\w+\-\d+$",
    "aws-eusc": r"^eusc\-(de)\-\w+\-\d+$",
    "aws-iso": r"^us\-iso\-\w+\-\d+$",
    "aws-iso-b": r"^us\-isob\-\w+\-\d+$",
    "aws-iso-e": r"^eu\-isoe\-\w+\-\d+$",
    "aws-iso-f": r"^us\-isof\-\w+\-\d+$",
    "aws-us-gov": r"^us\-gov\-\w+\-\d+$",
}
"""What the regions of each are called."""


def partition(region: str) -> str | None:
    """The partition of a region, None where no partition has regions of such a name."""
    return next((name for name, pattern in PARTITIONS.items() if re.match(pattern, region)), None)
