"""The inference image, built by crane without a container engine.

    build          the two layers on a base, and what the image says of itself
    dependencies   the layer of the locked requirements, and its cache
    program        the layer of the code
    layers         files into a tar that depends on nothing but them
    layout         an image on disk, in the form that crane pushes
    registry       pushing and inspecting
    base           a base made of Debian's packages, where no public one can be pulled
    debian         those packages: what they need, their archives, what is in them
    crane          running crane, and a registry for the time of a build

It builds for Linux on x86-64, SageMaker's platform here. It runs no image and knows no AWS.
"""
