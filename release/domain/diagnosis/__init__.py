"""What a failed release suffers from: symptoms in, one paragraph with cause and fix out. Pure."""
