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
    answers        what goes back, and its bytes
    errors         what can go wrong
    http/          bytes into requests, connections, the listening socket
    formats/       bodies into rows, and what is wrong with them
    models/        a model's files, its schema, its graph
"""
