"""What one file may cost; a file that wants more is skipped with the setting to raise."""

from __future__ import annotations

from dataclasses import dataclass

from index.setting import setting

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that guard the reading of files; `index.config.Settings` has them all."""

    max_file_mb: int = setting(64, "larger files are skipped", between=(1, 4096))
    max_pages: int = setting(3_000, "pages of a PDF", between=(1, 1_000_000))
    max_text_chars: int = setting(
        20_000_000, "characters of one document's text", between=(1_000, 1_000_000_000)
    )
    """A long novel has 3 million."""
    max_unpacked_mb: int = setting(
        256, "what a DOCX or EPUB file may unpack to", between=(1, 16_384)
    )
    max_unpack_ratio: int = setting(
        200, "how many times its packed size a part of one may be", between=(10, 100_000)
    )
    """XML packs 10 to 50 times."""
    max_file_s: int = setting(60, "seconds that one risky file may take", between=(1, 86_400))
    """For formats that are read in a process of their own."""
    max_reader_mb: int = setting(
        2_048, "memory of the process that reads risky files", between=(256, 1_048_576)
    )
    """Its address space, where the platform can limit it."""

    @property
    def max_bytes(self) -> int:
        """`max_file_mb` in bytes."""
        return self.max_file_mb << 20
