"""moto, patched: one module per service, each adding only what moto lacks."""
