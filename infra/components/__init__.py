"""The parts of a stage: small Pulumi components, each with its arguments as a frozen dataclass.

A component declares resources and nothing else. Names come from `release.domain.names`, what is served from
`release.domain.plan`, policies from `infra.policies`; no component looks anything up or decides anything.
"""
