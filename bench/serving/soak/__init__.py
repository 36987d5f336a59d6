"""An hour of ordinary days: mixed requests at a steady rate, two workers, SIGTERM at the end under load.

mix        the requests: every format, refused ones too, and what their answers have to be
traffic    sends them, and counts what came back
watch      what the server uses, every few seconds
checks     what has to hold, from all of that
"""
