"""The edge: what a release needs from AWS, the registry and Pulumi. Decisions live one folder up."""
