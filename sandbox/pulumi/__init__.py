"""What lets the Pulumi engine run a Python program against the sandbox without a download.

`provider` stands in for the AWS provider, `language_host` for Pulumi's Python host. Both are processes that
the engine starts (`engine_plugin`) and finds by the wrappers that `toolchain` writes.
"""
