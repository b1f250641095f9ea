# SPDX-License-Identifier: Apache-2.0
"""One contestant: Kazoo with its asynchronous calls. Arguments and output: see contest.ts."""
import json
import sys
import threading
import time

from kazoo.client import KazooClient

servers, path, operation, in_flight, size, warm_up_ms, measured_ms = sys.argv[1:]
data = b"x" * int(size)
client = KazooClient(hosts=servers)
client.start()
calls = 0
over = threading.Event()


def begin():
    result = client.get_async(path) if operation == "get" else client.set_async(path, data)
    result.rawlink(done)


def done(result):
    global calls
    result.get_nowait()
    calls += 1
    if not over.is_set():
        begin()


for _ in range(int(in_flight)):
    begin()
time.sleep(int(warm_up_ms) / 1000)
before, cpu_before, start = calls, time.process_time(), time.perf_counter()
time.sleep(int(measured_ms) / 1000)
counted, cpu, took = calls - before, time.process_time() - cpu_before, time.perf_counter() - start
over.set()
print(json.dumps({"calls": counted, "ms": took * 1000, "cpuMs": cpu * 1000}))
client.stop()
