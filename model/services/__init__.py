"""The services of whoever uses this repository, a folder each: `./slipway new-model NAME` makes one here."""
