"""Tools that measure a server on this machine, for benches and commands; they know nothing of the project.

processes.py     the processes of a server: memory, CPU, the core they run on, and their end
wrk.py           load by wrk; by generator.py where there is no wrk
connections.py   requests over kept connections, as fast as they are answered or at a given pace
results.py       what one load measured
"""
