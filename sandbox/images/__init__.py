"""Images and model artifacts on disk: unpacked safely, and turned into a command to run."""
