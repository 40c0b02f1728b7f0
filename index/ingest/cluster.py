"""A crew on a Ray cluster: as many workers as it has cores; what a dead one had goes to another."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import ClusterError, ConfigError, StoreError
from index.ingest.hand import Hand, Orders, Trouble
from index.ingest.outcome import Outcome, Status
from index.ingest.prepare import New
from index.ingest.spread import Batch, Made

__all__ = ["RayCrew", "hire_crew"]

_LOOK_S = 2.0
"""How often the cluster is asked how many cores it has by now."""
_POLL_S = 0.05
"""How long nothing is asked of the cluster when nothing has ended."""
_START_S = 180.0
"""How long not one worker may be at work before that is an error."""
_REACH_S = 5.0
_LOST_S = 10.0
"""How long the head may be silent; after 60 s of that Ray ends this process without a word."""
_MOST_FAILURES = 12
"""Workers that die one after another before they are ready."""
_MOST_DEATHS = 2
"""Workers that a document may take with it, alone in its batch, before it is skipped."""
_LOCAL_STORE_BYTES = 512 << 20
"""Shared memory for batches under way, where the cluster is this machine's own."""


@dataclass(slots=True)
class _Task:
    batch: Batch
    n_deaths: int = 0


@contextlib.contextmanager
def hire_crew(address: str, orders: Orders) -> Iterator[RayCrew]:
    """Connect to a cluster ("local" starts one on this machine) and let its workers go in the end.

    Raises: ConfigError without the package; ClusterError if there is no such cluster.
    """
    try:
        import ray
    except ImportError:
        raise ConfigError(
            "--ray needs one more package: run `pip install 'pressmark[ray]'`"
        ) from None
    # Ray tells of dead workers on standard output, and that is the report's.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        _connect(address)
        crew = RayCrew(orders)
        try:
            yield crew
        finally:
            crew.dismiss()
            ray.shutdown()


def _connect(address: str) -> None:
    import ray

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        quiet |= {"include_dashboard": False, "object_store_memory": _LOCAL_STORE_BYTES}
    elif address != "auto" and (why := _unheard(address)):
        raise _no_cluster(address, why)
    try:
        # Workers look for modules in the current folder first, and one of articles may hold any.
        with contextlib.chdir(Path(Path.cwd().anchor)):
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise _no_cluster(address, " ".join(str(error).split())[:200]) from None


def _unheard(address: str) -> str | None:
    """Why nobody is heard at HOST:PORT, where Ray itself would try for minutes; None if one is."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH_S):
            return None
    except ValueError:
        return "that is not HOST:PORT"
    except (OSError, OverflowError) as error:
        return (getattr(error, "strerror", None) or str(error)).lower()


def _no_cluster(address: str, why: str) -> ClusterError:
    return ClusterError(
        f"no Ray cluster at {address} ({why}): give HOST:PORT as `ray start --head` told it, on a "
        "machine that has joined it, or `--ray local` for this machine alone"
    )


class RayCrew:
    """A `Crew` of Ray actors, one a core.

    A batch whose worker died is done again in two halves, so that in the end a document that
    kills its worker is alone; it is skipped when it does so twice. Workers come and go with the
    cluster's cores.
    """

    def __init__(self, orders: Orders) -> None:
        import ray

        self._ray = ray
        self._orders = orders
        self._hand = ray.remote(num_cpus=1, max_restarts=0)(Hand)
        self._queue: deque[_Task] = deque()
        self._starting: dict[Any, Any] = {}
        """Workers by what tells that they are ready."""
        self._working: dict[Any, tuple[Any, Any, _Task]] = {}
        """Workers, whether they were alive, and what they do, by what it will come to."""
        self._idle: list[Any] = []
        self._n_failures = 0
        self._why = ""
        self._looked = 0.0
        """When the cluster was asked for its cores, or a worker died; 0 before there is work."""
        self._worked = time.monotonic()
        self._head = str(ray.get_runtime_context().gcs_address)
        self._silent_since: float | None = None
        """When the head was found not to answer."""
        self._why_silent = ""

    @property
    def n_workers(self) -> int:
        """How many there are, or will be in a moment."""
        return len(self._starting) + len(self._working) + len(self._idle)

    @property
    def n_cores(self) -> int:
        """What the cluster has by now."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    def try_out(self, sample: Sequence[New]) -> float:
        """Have records read and embedded by one worker; the seconds that it took."""
        self.submit(tuple(sample))
        seconds = 0.0
        while done := self.collect(is_last=True):
            seconds += sum(made.seconds for _, made in done)
        return seconds

    def submit(self, batch: Batch) -> None:
        self._queue.append(_Task(batch))

    def collect(self, *, is_last: bool = False) -> list[tuple[Batch, Made]]:
        done = self._turn(0.0)
        while not done and (self._queue or self._working if is_last else self._is_full()):
            done = self._turn(_LOOK_S)
        return done

    def dismiss(self) -> None:
        """Let all workers go, whatever they do; without a head nobody can, and they end alone."""
        if not self._hears_head():
            return
        working = (worker for worker, _, _ in self._working.values())
        for worker in (*self._starting.values(), *self._idle, *working):
            self._ray.kill(worker)
        self._starting, self._working, self._idle = {}, {}, []
        self._queue.clear()

    def _is_full(self) -> bool:
        return len(self._queue) > max(1, self.n_workers)

    def _turn(self, wait_s: float) -> list[tuple[Batch, Made]]:
        """See what has ended, and give out what is queued."""
        done: list[tuple[Batch, Made]] = []
        if not self._hears_head():
            self._bear_silence()
            time.sleep(_POLL_S)
            return done
        ended: list[Any] = []
        if waited := [*self._working, *self._starting]:
            # Not with a time to wait, which Ray does not keep to when the head dies meanwhile.
            ended, _ = self._ray.wait(waited, num_returns=len(waited), timeout=0)
            for ref in ended:
                done += self._end(ref)
        if not ended and wait_s:
            time.sleep(min(wait_s, _POLL_S))
        if self._queue and time.monotonic() - self._looked > _LOOK_S:
            self._staff()
        self._assign()
        self._check()
        return done

    def _bear_silence(self) -> None:
        """Raises: ClusterError when the head is gone for long, and no other took its place."""
        if self._silent_since is not None and time.monotonic() - self._silent_since > _LOST_S:
            raise ClusterError(
                f"the head of the Ray cluster at {self._head} is gone ({self._why_silent}): start "
                "it again (`ray start --head`) and run the same command again to go on"
            )

    def _hears_head(self) -> bool:
        """Whether the head answers; Ray, asked for anything without it, waits and then ends us."""
        why = _unheard(self._head)
        if why is None:
            self._silent_since = None
            return True
        self._silent_since = self._silent_since or time.monotonic()
        self._why_silent = why
        return False

    def _end(self, ref: Any) -> list[tuple[Batch, Made]]:
        """Take in what a worker has done, or that it is no more."""
        worker, hello, task = self._working.pop(ref, (None, None, None))
        worker = worker or self._starting.pop(ref)
        try:
            found = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            # A fault of ours, as it would have come up here.
            raise error.cause from None
        except self._ray.exceptions.RayError as error:
            if not isinstance(error, self._ray.exceptions.RayActorError) and self._hears_head():
                self._ray.kill(worker)
            # Workers also die just before their head does, and who then asks for cores is ended.
            self._looked = time.monotonic()
            if task is not None:
                return self._retry(task, hello)
            self._n_failures += 1
            self._why = str(error)
            return []
        if isinstance(found, Trouble):
            raise (ClusterError if task is None else StoreError)(found.message)
        self._idle.append(worker)
        self._n_failures = 0
        return [] if task is None else [(task.batch, found)]

    def _retry(self, task: _Task, hello: Any) -> list[tuple[Batch, Made]]:
        """Queue again what a worker did not end, unless it is to blame for that."""
        if not self._was_alive(hello):
            self._queue.appendleft(task)
            return []
        if len(task.batch) > 1:
            half = len(task.batch) // 2
            self._queue.extendleft((_Task(task.batch[half:]), _Task(task.batch[:half])))
            return []
        task.n_deaths += 1
        if task.n_deaths < _MOST_DEATHS:
            # At the end: what kills workers from outside has passed by then.
            self._queue.append(task)
            return []
        (new,) = task.batch
        reason = "the worker that read it died, and a second one, too; index it without --ray"
        outcome = Outcome(new.place.path, Status.SKIPPED, reason)
        return [(task.batch, Made((outcome,), frozenset({new.record.id})))]

    def _was_alive(self, hello: Any) -> bool:
        """Whether a dead worker still said hello when it was given its last task."""
        if not self._ray.wait([hello], timeout=0)[0]:
            return False
        try:
            self._ray.get(hello)
        except self._ray.exceptions.RayError:
            return False
        return True

    def _staff(self) -> None:
        """Have as many workers as the cluster has cores."""
        self._looked = time.monotonic()
        n_cores = self.n_cores
        while self.n_workers < n_cores:
            worker = self._hand.remote()
            # Not to the constructor, whose arguments the cluster keeps.
            self._starting[worker.begin.remote(self._orders)] = worker

    def _assign(self) -> None:
        while self._queue and self._idle:
            worker, task = self._idle.pop(), self._queue.popleft()
            hello = worker.hello.remote()
            self._working[worker.work.remote(task.batch)] = (worker, hello, task)
        if self._working or self._idle or not self._queue:
            self._worked = time.monotonic()

    def _check(self) -> None:
        """Raises: ClusterError when there is nobody to hope for."""
        if self._n_failures >= _MOST_FAILURES:
            why = " ".join(self._why.split())[:300]
            raise ClusterError(
                f"one worker after another dies as it starts ({why}): install the same Pressmark "
                "on every machine of the cluster, and look at what `ray logs` says"
            )
        if time.monotonic() - self._worked > _START_S:
            raise ClusterError(
                f"no core of the cluster was free for {_START_S:.0f} s: `ray status` shows what "
                "holds them; run the same command again"
            )
