"""Packages whose `__init__` imports everything they have: run only when something of it is used."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    # `typing` and `importlib.abc` would be the longest part of `pressmark --help`.
    from importlib.abc import Loader

__all__ = ["defer_inits"]


Names = Mapping[str, object]


def defer_inits(packages: Mapping[str, Names]) -> None:
    """From now on importing a module of these packages does not run the packages' own code.

    That runs once a name is looked up that the package has not: `from package import Name` works
    as ever. Each comes with names that it has before, as its code would set them. What was
    imported before stays as it is.
    """
    known = {name for f in sys.meta_path if isinstance(f, _Finder) for name in f.packages}
    if not known.issuperset(packages):
        sys.meta_path.insert(0, _Finder(packages))


class _Finder:
    def __init__(self, packages: Mapping[str, Names]) -> None:
        self.packages = packages

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self.packages:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            # A loader by its methods alone.
            spec.loader = _Deferring(spec.loader, self.packages[name])  # type: ignore[assignment]
        return spec


class _Deferring:
    def __init__(self, loader: Loader, names: Names) -> None:
        self._loader = loader
        self._names = names
        # Of one thread, which imports it: its own code asks for names that it has not yet.
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> object:
        # Its source, its resources: whatever else a loader is asked for.
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        def find(name: str) -> object:
            if name.startswith("__") and name != "__all__":
                # Asked of every module by whoever looks through them.
                raise AttributeError(name)
            with self._lock:
                if module.__dict__.get("__getattr__") is find:
                    del module.__dict__["__getattr__"]
                    self._loader.exec_module(module)
            try:
                return module.__dict__[name]
            except KeyError:
                raise AttributeError(f"module {module.__name__!r} has no {name!r}") from None

        module.__dict__.update(self._names, __getattr__=find)
