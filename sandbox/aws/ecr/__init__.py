"""ECR and the real OCI registry behind it, which agree on one set of images."""
