"""Images and model artifacts on disk: checked against their digests and unpacked safely."""
