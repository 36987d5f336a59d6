"""The Python language host of the sandbox: how the Pulumi engine runs a Python program offline.

Pulumi's own host comes with its installer, which a machine that reaches only package registries cannot
have. This one answers the same gRPC service (`pulumirpc.LanguageRuntime`) and starts the same executor,
a file of Pulumi's SDK. It does not generate code, pack SDKs or run policy packs.
"""
