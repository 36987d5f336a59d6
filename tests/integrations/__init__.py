"""The same release elsewhere: what is exported, and what other systems make of it."""
