"""What runs in threads, told to the event loop; whoever stops listening stops it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Threads"]

_T = TypeVar("_T")


class Threads:
    """A bounded number of threads, each with one question at a time."""

    def __init__(self, at_most: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=at_most, thread_name_prefix="question")

    async def call(self, work: Callable[[], _T]) -> _T:
        """What `work` returns, made in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def stream(
        self, start: Callable[[], Generator[_T, None, None]]
    ) -> AsyncGenerator[_T, None]:
        """What a generator yields in a thread; closing this closes it at its next item."""
        loop = asyncio.get_running_loop()
        # Unbounded: a slow reader must not hold up the model, and an answer is small.
        items: asyncio.Queue[tuple[_T] | BaseException | None] = asyncio.Queue()
        has_left = threading.Event()

        def tell(item: tuple[_T] | BaseException | None) -> None:
            # The loop may have ended while the thread was at work.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(items.put_nowait, item)

        def work() -> None:
            if has_left.is_set():
                return
            try:
                # Unclosed, the model would write on, and hold its lock.
                with contextlib.closing(start()) as made:
                    for item in made:
                        if has_left.is_set():
                            return
                        tell((item,))
            except BaseException as error:
                tell(error)
            else:
                tell(None)

        self._pool.submit(work)
        try:
            while (item := await items.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item[0]
        finally:
            has_left.set()

    def close(self) -> None:
        """Let go of the threads once what they do is done."""
        self._pool.shutdown(wait=True, cancel_futures=True)
