"""What one file may cost; a file that wants more is skipped with the setting to raise."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that guard the reading of files; `index.config.Settings` has them all."""

    max_file_mb: int = 64
    """Files larger than this are skipped."""
    max_pages: int = 3_000
    """Pages of a PDF."""
    max_text_chars: int = 20_000_000
    """Characters of one document's text; a long novel has 3 million."""
    max_unpacked_mb: int = 256
    """What a DOCX or EPUB file may unpack to."""
    max_unpack_ratio: int = 200
    """How many times its packed size a part of one may be; XML packs 10 to 50 times."""
    max_file_s: int = 60
    """Seconds that reading one document may take, for formats read in a process of their own."""
    max_reader_mb: int = 2_048
    """Address space of that process, where the platform can limit it."""

    @property
    def max_bytes(self) -> int:
        """`max_file_mb` in bytes."""
        return self.max_file_mb << 20
