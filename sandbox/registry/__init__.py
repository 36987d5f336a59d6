"""A real OCI registry behind `/v2/`, kept in step with ECR."""
