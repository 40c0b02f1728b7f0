"""Files -> Documents: one reader a format, found by content; see `index.read.reader`."""

from index.read.reader import Reader, Record, read_all
from index.read.sniff import SUFFIXES

__all__ = ["SUFFIXES", "Reader", "Record", "read_all"]
