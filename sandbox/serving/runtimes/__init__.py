"""How an image becomes a server: as a process of this machine, or in a real container."""
