"""The formats of a body: decoding rows, naming what is wrong with them, encoding scores. No routes, no graph.

media          Content-Type and Accept
json_rows      a JSON body into columns, the quick way
json_faults    the same, the careful way: names what is wrong
csv_rows       a CSV body into columns
values         one value: is it right, and if not, how to say so
"""
