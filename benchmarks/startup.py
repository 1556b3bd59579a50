"""Time from the command to the first answer, against an interpreter that imports asyncio; idle memory.

python benchmarks/startup.py [--rounds 10]
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import time

from kafka_codecs.frame import encode_request
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest

REQUEST = encode_request(
    ApiVersionsRequest(client_software_name="startup", client_software_version="1"), 3
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def first_answer() -> tuple[float, float]:
    """Seconds from the command to the first answer, and the broker's memory in MB after it."""
    port = free_port()
    start = time.perf_counter()
    command = [sys.executable, "-m", "kafkashim", "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            while True:
                try:
                    sock = socket.create_connection(("127.0.0.1", port))
                    break
                except ConnectionRefusedError:
                    time.sleep(0.001)
            with sock:
                sock.sendall(REQUEST)
                assert sock.recv(4096)
            took = time.perf_counter() - start
            return took, resident_mb(process.pid)
        finally:
            process.terminate()


def resident_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def empty_interpreter() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import asyncio"], check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    empty: list[float] = []
    answers: list[tuple[float, float]] = []
    for _ in range(rounds):
        empty.append(empty_interpreter())
        answers.append(first_answer())
    base = statistics.median(empty)
    took = statistics.median(seconds for seconds, _ in answers)
    print(f"python -c 'import asyncio'       {base:.3f} s")
    print(f"serve to first ApiVersions       {took:.3f} s   ({took / base:.1f} times)")
    print(f"resident memory, idle            {statistics.median(mb for _, mb in answers):.1f} MB")


if __name__ == "__main__":
    main()
