"""What every other folder uses: settings, faults that were asked for, AWS's clock, pieces of ASGI."""
