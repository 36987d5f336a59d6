"""How moto finds the backend for a request; a service that moto lacks gets an error of its own."""

from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication


class Dispatcher(DomainDispatcherApplication):
    """moto's WSGI application; a service that moto lacks raises NotImplementedError."""

    def get_backend_for_host(self, host: str | None) -> Any:
        """The backend of a host name; moto asks first with None."""
        backend = super().get_backend_for_host(host)
        if backend is None and host is not None:
            raise NotImplementedError(host)
        return backend
