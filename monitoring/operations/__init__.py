"""What monitoring does, one use case a file: arguments to results. They ask the world by ports."""
