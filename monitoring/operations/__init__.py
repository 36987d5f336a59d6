"""What monitoring does, one use case a file: arguments in, values out."""
