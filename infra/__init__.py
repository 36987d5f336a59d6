"""What exists in AWS: the Pulumi program of one stage."""
