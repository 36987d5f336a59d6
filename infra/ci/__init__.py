"""The CI stack: what GitHub's workflows may do in an account of the stages, and who hears of its events.

It is no part of a stage. A workflow that brings a release runs the stage's program, and must not be able to
widen its own rights by that; so somebody else brings this one up, by hand (docs/ci-roles.md).
"""
