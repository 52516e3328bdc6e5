"""Restores the cache in a process of its own, so that its memory can be told from everybody else's.

Runs as ``python -m benchmarks.measurements.restore_probe SERVERS PREFIX PARTITIONS`` and prints what it saw as JSON.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import time

import psutil

from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics
from casebus_streams.overviews.restore import CacheRestorer
from casebus_streams.process_tuning import tune_process


def resident_bytes() -> int:
    """What this process holds in memory, after what is free was given back to the system."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return int(psutil.Process().memory_info().rss)


def main(servers: str, prefix: str, partitions: str) -> None:
    """Restore all partitions once, measured; another, empty topic first, so that clients and modules are loaded."""
    tune_process()  # as a worker does
    kafka = KafkaSettings(bootstrap_servers=servers, topic_prefix=prefix)
    topics = Topics(prefix)
    CacheRestorer(kafka, topics.changes).restore(range(int(partitions)))
    before = resident_bytes()
    started = time.perf_counter()
    caches = CacheRestorer(kafka, topics.overviews).restore(range(int(partitions)))
    seconds = time.perf_counter() - started
    held = resident_bytes() - before
    records = sum(len(key) + len(value) for cache in caches.values() for key, value in cache.items())
    overviews = sum(map(len, caches.values()))
    print(json.dumps({"overviews": overviews, "seconds": seconds, "held_bytes": held, "record_bytes": records}))


if __name__ == "__main__":
    main(*sys.argv[1:])
