"""Where what monitoring reads and keeps lies: captured records, hour tables, truth, findings."""
