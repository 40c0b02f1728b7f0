"""Parsed arguments go in; an exit code comes out: one module a command, each with its `run`."""
