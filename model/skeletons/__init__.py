"""Small services that work, a folder for each kind: what `./slipway new-model` copies and renames."""
