"""The formats of a body: decoding rows, naming what is wrong with them, encoding scores. No routes, no graph.

media          Content-Type and Accept
limits         what one body may hold
results        scores into the body of an answer
class_results  the same for probabilities of several classes
classes        such probabilities as one number, for telemetry

json_rows      a JSON body into rows, the quick way
json_quick_forms  the same, for forms other than a list of instances
json_faults    the same, the careful way: names what is wrong
json_forms     the forms of a JSON request: MLflow's, SageMaker's, one row
json_remedies  what a refused body is probably meant to be
json_text      bytes into JSON values, bounded
json_lines     one JSON object a line
typed_rows     what msgspec decodes a row into
csv_rows       a CSV body into columns
csv_cells      one column of it
unnamed        rows without names, and columns that are pandas' index
npy_rows       a body in NumPy's format into columns
table_rows     a Parquet or Arrow body into columns
tables/        what reads those bytes, in a process of its own
columns_named  whole columns by name: are their names and values right

other_bodies   what a refused body is by its first bytes
values         one value: is it right, and if not, how to say so
refusals       rows that are refused alone
"""
