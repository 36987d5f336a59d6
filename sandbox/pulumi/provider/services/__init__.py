"""One module per AWS service, each with its resource types in `RESOURCES`."""
