"""Where what monitoring reads and keeps lies: captured records, tables of rows by the hour, truth, findings.

lines      one line of a capture file into an exchange     bodies    a request's body into rows
loose      rows of which a value is wrong                  scores    an answer's body into scores
files      listed and read from S3, in bounded memory      tables    rows into Parquet
counting   tables into counts, by Ibis                     reading   all of it, for one hour
shelf      what is done, in the stage's bucket             rows      the tables, for whoever reads them
again      hours that are to be read again
truth      files of labels                                 quality_book what is kept of them
answered   tables as columns, for quality              lock     who reads records, or forgets some
erasure    records found and deleted                   selected which records those are
"""
