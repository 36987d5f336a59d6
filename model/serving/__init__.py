"""The inference server: one ONNX model behind SageMaker's contract (`/ping`, `/invocations`).

It imports its own locked requirements and the standard library, nothing else of this repository, so that the
same package runs in the image under /opt/program. It knows no AWS, no scikit-learn and no pickle.

    serve          the entry point: finds code and dependencies, starts the server
    settings       the environment variables that it reads
    artifact       the files of the model, compared with their checksums
    schema         what the model reads, from the artifact's schema.json
    scorer         ONNX Runtime: columns in, scores out
    columns        rows as the arrays that the graph reads
    json_rows      a JSON body into columns, the quick way
    json_faults    the same, the careful way: names what is wrong
    csv_rows       a CSV body into columns
    values         one value: is it right, and if not, how to say so
    media          Content-Type and Accept
    answers        what goes back, and its bytes
    predictor      a loaded model: a request in, scores out
    application    the routes, and the state that /ping tells
    reader         bytes into HTTP/1.1 requests
    connection     one connection: requests in, answers out
    listener       the listening socket
    server         one process: loading, deadlines, draining
    workers        more than one process on the port
    command        the command line
"""
