"""An index in one PostgreSQL: many write, many read, and a commit decides what exists."""
