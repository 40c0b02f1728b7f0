"""The process that reads risky files: one request after another, until its input ends.

A request is a line of JSON (format, n_bytes, limits), then the bytes; the reply is a line of JSON.
Nothing that it is sent or returns is executed on the other side, and it opens no file.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import signal
import sys
from typing import Any, BinaryIO

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract, Metadata
from index.read.formats import extract
from index.read.sniff import Format

__all__ = ["decode_reply", "encode_request", "main"]


def encode_request(format: Format, raw: bytes, limits: Limits) -> bytes:
    """What the worker is sent, without the file's bytes, which follow it."""
    request = {
        "format": format.value,
        "n_bytes": len(raw),
        # Settings are Limits, too, and hold more than the worker has use for.
        "limits": {f.name: getattr(limits, f.name) for f in dataclasses.fields(Limits)},
    }
    return json.dumps(request).encode() + b"\n"


def decode_reply(line: bytes) -> Extract:
    """What the worker made of a file.

    Raises: UnreadableDocument with the worker's reason; ValueError for a broken reply.
    """
    reply: dict[str, Any] = json.loads(line)
    if "reason" in reply:
        raise UnreadableDocument(str(reply["reason"]))
    return Extract(
        reply["text"], Metadata(**reply["metadata"]), tuple(reply["pages"]), reply["note"]
    )


def main() -> None:
    """Serve requests on standard input; replies go to the first standard output."""
    # Ctrl-C is for the parent, which ends this process when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the replies.
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    limited = False
    while header := requests.readline():
        request = json.loads(header)
        limits = Limits(**request["limits"])
        if not limited:
            _limit_memory(limits.max_reader_mb)
            limited = True
        replies.write(_reply(request, requests, limits) + b"\n")
        replies.flush()


def _reply(request: dict[str, Any], requests: BinaryIO, limits: Limits) -> bytes:
    raw = requests.read(request["n_bytes"])
    try:
        extracted = extract(Format(request["format"]), raw, limits)
        return json.dumps(dataclasses.asdict(extracted)).encode()
    except UnreadableDocument as error:
        return json.dumps({"reason": str(error)}).encode()
    except MemoryError:
        reason = f"its text takes more than {limits.max_reader_mb} MiB of memory"
        return json.dumps({"reason": f"{reason}; raise max_reader_mb to try"}).encode()
    finally:
        del raw
        gc.collect()


def _limit_memory(megabytes: int) -> None:
    """Address space at most so large, and no core file, where the platform can do that."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, limit in (
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        try:
            resource.setrlimit(kind, (limit, hard))
        except (ValueError, OSError):  # macOS refuses RLIMIT_AS
            continue
