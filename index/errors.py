"""What can go wrong below the question, each with the next thing to type.

PressmarkError
├── ConfigError           (exit code 2) a setting is unknown or malformed
├── ModelError
│   ├── UnknownModel      neither a registry name nor a path
│   ├── ModelNotFound     the weights are not on disk
│   ├── ModelCorrupt      the bytes are not the ones that the authors published
│   └── ModelFetchFailed  a carrier package could not be had
├── ClusterError          Ray's cluster cannot be reached, or its workers cannot work
├── DocumentError
│   └── UnreadableDocument  one file that cannot become a document; the others go on
└── StoreError
    ├── IndexNotFound     no index, and no seeds to make one from
    ├── IndexMismatch     made with another embedder or chunking
    ├── IndexLocked       another process is writing
    └── DocumentGone      another writer has removed what a place was to name
"""

__all__ = [
    "ClusterError",
    "ConfigError",
    "DocumentError",
    "DocumentGone",
    "IndexLocked",
    "IndexMismatch",
    "IndexNotFound",
    "ModelCorrupt",
    "ModelError",
    "ModelFetchFailed",
    "ModelNotFound",
    "PressmarkError",
    "StoreError",
    "UnknownModel",
    "UnreadableDocument",
]


class PressmarkError(Exception):
    """Base of all errors that a user can act on; `exit_code` is the process's."""

    exit_code = 1


class ConfigError(PressmarkError):
    """A setting is unknown or malformed."""

    exit_code = 2


class ModelError(PressmarkError):
    """A model cannot be used as it is."""

    def __init__(self, message: str, *, state: str | None = None) -> None:
        super().__init__(message)
        self.state = message if state is None else state
        """What is the matter, for a list that names the model itself."""


class UnknownModel(ModelError):
    """Neither a name in the registry nor a file or folder on disk."""

    exit_code = 2


class ModelNotFound(ModelError):
    """The weights are not on disk."""


class ModelCorrupt(ModelError):
    """The bytes differ from the published digest."""


class ModelFetchFailed(ModelError):
    """A carrier package could not be downloaded."""


class ClusterError(PressmarkError):
    """Ray's cluster cannot be reached, or its workers cannot work."""


class DocumentError(PressmarkError):
    """A document cannot be used."""


class UnreadableDocument(DocumentError):
    """This file cannot become a document; the message says why."""


class StoreError(PressmarkError):
    """The index cannot be used as it is."""


class IndexNotFound(StoreError):
    """There is no index here."""


class IndexMismatch(StoreError):
    """The index was made with another embedder or chunking."""


class IndexLocked(StoreError):
    """Another process is writing the index."""

    def __init__(self, message: str, *, holder: str = "another process") -> None:
        super().__init__(message)
        self.holder = holder
        """Who writes: "process 123", or "another process" when it did not say."""


class DocumentGone(StoreError):
    """A place was to name a document that another writer has removed meanwhile."""
