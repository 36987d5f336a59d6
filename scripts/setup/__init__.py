"""Set-up of a fresh machine: the virtual environment, and the tools that are no Python packages."""
