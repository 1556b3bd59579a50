"""Golden frames of the APIs that ``compat_tests/wire/record_golden.py`` has no conversations for.

What the scenes say to Apache Kafka is on the wire anyway: some of it is kept, byte by byte.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from compat_tests.real_broker.apache_kafka import VERSION
from compat_tests.real_broker.conversation import Frames
from compat_tests.real_broker.scenes import Scene

FOLDER = Path(__file__).parents[1] / "wire" / "golden"
SOURCE = "scenes"
LONGEST_FRAME = 4200  # bytes; longer ones show nothing more
SAMPLES = 5  # of one version of an API


class GoldenFrames:
    """Gathers frames while scenes are recorded.

    Files that are whole stay as they are, so that recording the answers again changes no frames: to
    record the frames of an API anew, delete its file.
    """

    def __init__(self) -> None:
        self._apis: dict[int, dict[int, list[tuple[str, Frames]]]] = {}
        self._names: dict[int, tuple[str, str]] = {}

    def add(self, scene: Scene, version: int, frames: list[Frames]) -> None:
        """Keep the frames of the API a scene is about."""
        key = scene.api.API_KEY
        self._names[key] = (scene.api.__module__.rpartition(".")[2], scene.api.NAME)
        own = [f for f in frames if (f.api_key, f.version) == (key, version)]
        gathered = self._apis.setdefault(key, {}).setdefault(version, [])
        gathered += [(f"{scene.name}: {frame.label}", frame) for frame in own]

    def write(self) -> None:
        """Write the files that are missing or lack a version."""
        for key, versions in self._apis.items():
            module, name = self._names[key]
            path = FOLDER / f"{module.removeprefix('api_')}.json"
            if path.exists():
                known = json.loads(path.read_text())
                if known.get("source") != SOURCE:
                    continue
                if set(versions) <= {frame["version"] for frame in known["frames"]}:
                    continue
            document = {
                "api_key": key,
                "name": name,
                "recorded": datetime.datetime.now(datetime.UTC).date().isoformat(),
                "broker": f"Apache Kafka {VERSION}",
                "source": SOURCE,
                "frames": [
                    {
                        "version": version,
                        "client": "raw",
                        "about": about,
                        "request": frame.request.hex(),
                        "response": frame.response.hex(),
                    }
                    for version in sorted(versions)
                    for about, frame in _worth_keeping(versions[version])
                ],
            }
            path.write_text(json.dumps(document, indent=2) + "\n")


def _worth_keeping(gathered: list[tuple[str, Frames]]) -> list[tuple[str, Frames]]:
    """The first pair, and those with most in them."""
    short = [
        (about, frame)
        for about, frame in gathered
        if max(len(frame.request), len(frame.response)) <= LONGEST_FRAME
    ]
    fullest = sorted(
        short[1:], key=lambda pair: len(pair[1].request) + len(pair[1].response), reverse=True
    )
    return short[:1] + fullest[: SAMPLES - 1]
