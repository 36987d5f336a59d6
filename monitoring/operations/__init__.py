"""What monitoring does, one use case a file: values in, values out, events told."""
