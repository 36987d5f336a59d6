"""The inference image, built by crane without a container engine.

    build          the two layers on a base
    rebuild        the image, and how it differs from the last one that was built here
    record         what an image holds, read from itself; changes what two of them differ in
    dockerfile     the command that builds it with an engine; stage what runs inside that build
    update/        newer requirements, tried before they are kept
    description    what the image says of itself: how it starts, as whom, its labels
    dependencies   the layer of the locked requirements, and its cache
    wheels         which wheels those are of
    program        the layer of the code
    revision       the code's revision: Git's tree id, from the files alone
    sbom           what the image holds, as CycloneDX
    parts          what is known of a kept layer of requirements
    base           a base made of Debian's packages, where no public one can be pulled
    debian         those packages: what they need, their archives, what is in them
    base_packages  which packages of Debian's a base holds
    layers         files into a tar that depends on nothing but them
    layout         an image on disk, in the form that crane pushes
    registry       pushing to one
    crane          running crane, and a registry for the time of a build

It builds for Linux on x86-64, SageMaker's platform here. It runs no image and knows no AWS.
"""
