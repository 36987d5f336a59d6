"""Parquet and Arrow bodies, read in a process of its own. No schema of a model, no rules about values.

Their decoder (arrow-rs, through arro3) is safe with memory, but a damaged body can make it panic where that
ends the process, and a small one can unpack to any size. So a child process does it, under limits that the
kernel keeps: what goes wrong there ends the child, and the request is refused.

reader     starts the child, asks it, and starts it again when it ended
child      the child's main loop, and its limits
decode     in the child: bytes into columns
buffers    in the child: Arrow's memory as NumPy arrays
messages   what the two say to each other
encode     scores as Parquet or Arrow: our own values, so no child is needed
"""
