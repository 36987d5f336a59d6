"""Taking connections in, and leaving none behind."""

import asyncio
import socket
from pathlib import Path

import pytest

from model.serving.errors import SettingsError
from model.serving.http.listener import Listener, listen
from model.serving.settings import Settings

_SETTINGS = Settings("127.0.0.1", 0, Path(), 1, 1000)


class _Counted(asyncio.Protocol):
    made = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _Counted.made += 1
        transport.close()


def test_closing_takes_in_what_the_kernel_has_accepted() -> None:
    """The loop did not run since the connections came, so that nothing but `close` can have taken them in."""

    async def close_with_connections_waiting() -> None:
        listening = listen(_SETTINGS, share_port=False)
        listener = Listener(listening, _Counted)
        address = listening.getsockname()
        waiting = [socket.create_connection(address) for _ in range(50)]
        await listener.close()
        assert _Counted.made == 50
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        for connection in waiting:
            connection.close()

    asyncio.run(close_with_connections_waiting())


def test_a_host_that_is_not_here() -> None:
    with pytest.raises(SettingsError) as error:
        listen(Settings("192.0.2.1", 8080, Path(), 1, 1000), share_port=False)
    assert "192.0.2.1 port 8080" in error.value.cause
    assert error.value.exit_code == 2
