"""Kubeflow Pipelines: the retraining as typed components, by Slipway's commands.

pipeline  what is compiled: components, artifacts, their order, in the SDK's environment
steps     what each component does in its pod: its command, and the artifacts of it
running   one command, within its limit, tried again where that is worth it
answers   what a command's answer and a stage's file say of artifacts
"""
