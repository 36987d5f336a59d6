"""Where monitoring's data lies: files and S3."""
