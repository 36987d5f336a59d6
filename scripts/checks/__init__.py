"""Checks of what is no Python: the workflows of CI."""
