"""What monitoring costs: captured records to tables and counts, in rows a second, memory and calls of S3."""
