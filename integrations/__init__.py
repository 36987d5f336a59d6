"""The same release elsewhere: one folder a system, none of which imports another.

A folder that holds an `export.py` with a function `files(exported)` is a format of `./slipway export`: from a
`release.domain.exported.Exported` to text by relative path, pure. What else a folder holds is what its system
runs, and it speaks to Slipway by its commands alone.
"""
