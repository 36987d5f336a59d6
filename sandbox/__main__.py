"""`python -m sandbox`: see `sandbox.control.cli`."""

from sandbox.control.cli import main

if __name__ == "__main__":
    main()
