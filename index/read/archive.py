"""ZIP files that come from anywhere: measured before anything of them is unpacked."""

from __future__ import annotations

import io
import zipfile

from index.errors import UnreadableDocument
from index.limits import Limits

__all__ = ["open_archive", "read_member"]

_MAX_MEMBERS = 20_000
_SMALL = 1 << 20
"""Members below this, in bytes, may be packed as tightly as they like."""


def open_archive(raw: bytes, limits: Limits) -> zipfile.ZipFile:
    """Open a ZIP file whose contents keep within the limits.

    `zipfile` never yields more than a member's declared size, so that the sum of them is a bound.
    Raises: UnreadableDocument: cut short, encrypted, or a decompression bomb.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError, OverflowError) as error:
        raise UnreadableDocument(f"damaged or cut short: {error}; fetch it again") from error
    members = archive.infolist()
    if len(members) > _MAX_MEMBERS:
        raise UnreadableDocument(f"it packs {len(members):,} files; no article needs so many")
    if any(member.flag_bits & 0x1 for member in members):
        raise UnreadableDocument("it is encrypted; save it without a password")
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.max_unpacked_mb << 20:
        raise UnreadableDocument(
            f"it unpacks to {unpacked / 2**20:,.0f} MiB, over the limit of "
            f"{limits.max_unpacked_mb} MiB; raise max_unpacked_mb if you trust it"
        )
    for member in members:
        ratio = member.file_size / max(1, member.compress_size)
        if member.file_size > _SMALL and ratio > limits.max_unpack_ratio:
            raise UnreadableDocument(
                f"a part of it unpacks to {ratio:,.0f} times its size, over the limit of "
                f"{limits.max_unpack_ratio}; raise max_unpack_ratio if you trust it"
            )
    return archive


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """One file of the archive.

    Raises: UnreadableDocument if it is not there or does not unpack.
    """
    try:
        return archive.read(name)
    except KeyError:
        raise UnreadableDocument(f"damaged: {name[:80]!r} is missing from it") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise UnreadableDocument(f"damaged: {error}") from error
