"""How the C library hands memory back that a large body took. It holds no memory itself.

glibc maps large blocks, which go back as soon as they are freed. Each such block that is freed raises the
size from which it does so, up to 32 MB: after a few large bodies most of their blocks come from the heap,
where any small one that outlives them keeps all of it resident. A size that is set stays (mallopt(3)).
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""mallopt's numbers (malloc.h)."""
MAPPED_BYTES = 2 * 1024 * 1024
"""Blocks from here on are mapped. From 256 KiB on it costs large bodies 8 % and gives no more back."""
TRIMMED_BYTES = 1024 * 1024
"""More than this that is free at the end of the heap is given back."""


def give_back_freed_memory() -> None:
    """For this process and those that it forks. Where the C library is another one it does nothing."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, MAPPED_BYTES)
    mallopt(_TRIM_THRESHOLD, TRIMMED_BYTES)
