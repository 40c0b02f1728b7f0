"""Files go in, Documents come out: one reader a format, found by content."""

from index.read.reader import Reader, Record, read_all
from index.read.sniff import SUFFIXES

__all__ = ["SUFFIXES", "Reader", "Record", "read_all"]
