"""The inference server: ONNX models behind SageMaker's contract (`/ping`, `/invocations`).

It imports its own locked requirements and the standard library, nothing else of this repository, so that the
same package runs in the image under /opt/program. It knows no AWS, no scikit-learn and no pickle.

    serve          the entry point: finds code and dependencies, starts the server
    command        the command line
    settings       the environment variables that it reads
    workers        one process, or several on the port
    server         one process: loading, deadlines, draining
    application    the routes, and the state that /ping tells
    batcher        requests that arrived together, scored together
    service        what answers each path, made from a loaded artifact
    predictor      a request to /invocations into rows, scores into its answer
    answers        what goes back, and its bytes
    errors         what can go wrong
    quoting        a caller's own text, as an answer may repeat it
    allocation     how memory goes back to the system
    http/          bytes into requests, connections, the listening socket
    formats/       bodies into rows, and what is wrong with them
    models/        a model's files, its schema, its graph
    open_inference/  the Open Inference Protocol, /v2
    openapi/       the description of this API, and a page that shows it
    transform      what a batch transform asks before it sends
    telemetry/     counts on stdout and at /metrics
"""
