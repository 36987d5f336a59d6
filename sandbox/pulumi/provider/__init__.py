"""The sandbox's own AWS provider for Pulumi: the resource types that Slipway's program uses, over botocore.

It stands in for the real plugin where that cannot be downloaded, and behaves like it where the program or
its users could notice: the same names of inputs and outputs, the same properties that replace a resource,
the same waiting, drift read back on refresh, and success reported when SageMaker rolled back by itself.
An input or a setting that it does not know is refused, never ignored.

It is not for real AWS accounts: it knows a handful of types, and its waits are made for an AWS that
answers in milliseconds.
"""
