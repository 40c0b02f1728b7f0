"""Paths go in; the store is brought up to date, and an outcome a file comes out."""
