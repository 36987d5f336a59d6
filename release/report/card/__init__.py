"""The model card and data sheet of a release: its manifest and what people said of it in, one document out.

`build.build` makes a `Card` of evidence alone; `page` and `markdown` tell the same sections. Pure.
"""
