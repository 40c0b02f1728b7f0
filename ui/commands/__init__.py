"""Parsed arguments go in; an exit code comes out, one module a command.

Each offers `add_parser`, what can be typed, and `run`, what it does. `pressmark --help` imports
them all: whatever is heavy is imported by `run`.
"""
