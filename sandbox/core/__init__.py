"""What every other folder stands on: the settings, the faults that were asked for, and pieces of HTTP."""
