"""Questions through: retrieving, choosing evidence, answering, pinning and verifying."""
