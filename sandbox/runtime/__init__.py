"""The data plane: InvokeEndpoint, past moto."""
