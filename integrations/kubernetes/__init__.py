"""A stage's endpoints as Kubernetes' own objects: a kustomize base for each, and an overlay for each release.

    export    the files of a stage, and which of them make one another up
    workload  the Deployment: one half the same for every release, one of a release alone
    around    what stands around it: Service, bounds of scaling, disruption, network, role, scraping

What no object here does is move traffic by Slipway's judge: Kubernetes replaces pods that answer /ping.
"""
