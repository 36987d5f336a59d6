"""Container engines: podman or docker, what they are told, their images, and the way into a container."""
