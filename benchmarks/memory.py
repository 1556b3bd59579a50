"""What stored data costs: the broker's memory against the bytes it keeps.

python benchmarks/memory.py [--megabytes 200]
"""

from __future__ import annotations

import argparse
import socket

from produce import drive, frames, kafkashim_process, prepare
from startup import resident_mb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=200)
    wanted = parser.parse_args().megabytes * 1024 * 1024
    with kafkashim_process() as (port, pid), socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        producer_id = prepare(sock)
        drive(sock, frames(producer_id, 200), 5)
        before, kept, sequence = resident_mb(pid), 0, 200
        while kept < wanted:
            requests = frames(producer_id, 5000, first=sequence)
            drive(sock, requests, 5)
            # A frame is the batch and 60 bytes around it; only the batch is kept.
            kept += sum(map(len, requests)) - 60 * len(requests)
            sequence += len(requests)
        grown = resident_mb(pid) - before
    stored = kept / 1024 / 1024
    print(f"stored {stored:.0f} MB, grown by {grown:.0f} MB: {grown / stored:.2f} times")


if __name__ == "__main__":
    main()
