"""What the commands share. Nothing here is a command itself."""
