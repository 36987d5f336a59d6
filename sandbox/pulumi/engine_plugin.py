"""What the two Pulumi plugins of the sandbox share: a fast start, one gRPC server, a clean end.

A plugin is a process that the engine starts, that prints its port on its first line and then serves
until the engine goes away. This module knows nothing of what is served.
"""

import importlib.machinery
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType, ModuleType
from typing import NoReturn

_MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for one message (its default of 4 MB is too small for a large stack)."""

_PARENT_POLL_SECONDS = 0.5


def import_protocol_only() -> None:
    """Make `pulumi.runtime.proto.*` importable without running the SDK's own `__init__` files.

    A plugin needs the protocol's messages and nothing else of the SDK; the rest costs 0.3 s of CPU at
    every start of either plugin. Call it in a process of the plugin's own, before anything else of
    `pulumi`: later imports of the SDK proper would find its packages empty.
    """
    for name in ("pulumi", "pulumi.runtime", "pulumi.runtime.proto"):
        if name in sys.modules:
            continue
        spec = importlib.util.find_spec(name)
        if spec is None or spec.submodule_search_locations is None:
            raise ModuleNotFoundError(f"{name} is not installed beside {sys.executable}", name=name)
        bare = importlib.machinery.ModuleSpec(name, loader=None, is_package=True)
        bare.submodule_search_locations = list(spec.submodule_search_locations)
        module = ModuleType(name)
        module.__spec__ = bare
        module.__path__ = list(spec.submodule_search_locations)
        sys.modules[name] = module


def serve(register: Callable[..., object], on_stop: Callable[[], None], workers: int = 16) -> NoReturn:
    """Serve until the engine stops this process or dies; then end the process with exit code 0.

    `register(server)` adds the servicers. `on_stop()` runs once, before the server goes: it ends what
    the plugin still has under way. The engine sends SIGINT when it is done with a plugin; a plugin whose
    engine was killed notices that its parent changed, so that no process is left behind.
    """
    import grpc

    options = [
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=workers), options=options)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    server.start()
    print(port, flush=True)

    parent = os.getppid()
    while not stopping.wait(_PARENT_POLL_SECONDS):
        if os.getppid() != parent:
            break
    on_stop()
    server.stop(grace=0)
    _flush()
    # The interpreter's own teardown of gRPC's threads takes 0.1-0.3 s that every command would wait for.
    os._exit(0)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue  # the engine has closed its end: there is nobody left to tell
