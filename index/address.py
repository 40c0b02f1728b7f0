"""Where an index lives when it is no folder: the address of a database, its password kept quiet."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from index.errors import ConfigError

if TYPE_CHECKING:
    _Path = Path
else:
    # The class of this system: Path itself cannot be derived from before Python 3.12.
    _Path = type(Path())

__all__ = ["SharedFolder", "address_of", "is_address", "quiet", "read_place", "shown"]

_SCHEMES = ("postgresql", "postgres")


class SharedFolder(_Path):
    """The folder for what this machine keeps beside an index that lives in a database.

    Uploads, feedback and kept answers lie in it; `address` says where the rows are.
    """

    address: str | None = None
    """None for what lies in it: only the folder itself stands for the index."""


def is_address(value: str) -> bool:
    """Whether this names a database, not a folder."""
    return value.partition(":")[0] in _SCHEMES and "://" in value


def read_place(value: str) -> Path:
    """A folder by its name, or by a database's address what this machine keeps beside it.

    Raises: ConfigError for an address without a database's name.
    """
    if not is_address(value):
        return Path(value).expanduser()
    try:
        parts = urlsplit(value)
        named = parts.path.strip("/")
    except ValueError:
        named = ""
    # What was typed is not said again: a password with an "@" or a "/" would stand anywhere in it.
    if not named or re.search(r"[/@:]", named) or "@" in parts.query:
        raise ConfigError(
            "an index's address is postgresql://user@host/name, with the name of a database at "
            "its end; write @ as %40, / as %2F and : as %3A in a password"
        )
    import platformdirs

    told = quiet(value)
    name = f"{named}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    folder = SharedFolder(platformdirs.user_state_path("pressmark") / "shared" / name)
    folder.address = value
    return folder


def address_of(place: Path) -> str | None:
    """The database's address, password and all; None for a folder."""
    return place.address if isinstance(place, SharedFolder) else None


def shown(place: Path) -> str:
    """Where an index lives, as a message or JSON may say it: without a password."""
    address = address_of(place)
    return str(place) if address is None else quiet(address)


def quiet(address: str) -> str:
    """An address without its password, wherever in it that stands."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "what was given"
    user, at, host = parts.netloc.rpartition("@")
    query = "&".join(
        part for part in parts.query.split("&") if not re.match(r"(ssl)?password=", part)
    )
    netloc = f"{user.partition(':')[0]}{at}{host}"
    return urlunsplit(("postgresql", netloc, parts.path, query, ""))
