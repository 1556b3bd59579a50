"""The answers of Apache Kafka, recorded: one JSON file for each file of scenes."""

from __future__ import annotations

import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

from compat_tests.real_broker.apache_kafka import VERSION
from compat_tests.real_broker.conversation import Frames, Step
from compat_tests.real_broker.golden import GoldenFrames
from compat_tests.real_broker.scenes import Scene

FOLDER = Path(__file__).parent / "recorded" / VERSION


@cache
def _read(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{file}.json").read_text())
    return found


def _any_version(steps: list[Step], version: int) -> str:
    """Steps as JSON with a star for the version they were played at."""
    text = json.dumps(steps, ensure_ascii=False)
    return text.replace(f".v{version}", ".v*").replace(f' v{version}"', ' v*"')


def _at_version(steps: list[Step], version: int) -> list[Step]:
    text = json.dumps(steps, ensure_ascii=False)
    found: list[Step] = json.loads(
        text.replace(".v*", f".v{version}").replace(' v*"', f' v{version}"')
    )
    return found


def _steps(versions: dict[str, Any], version: int) -> list[Step] | None:
    """The steps at a version: its own, or those of an earlier one that are the same."""
    found = versions.get(str(version))
    if isinstance(found, str):
        found = versions[found]
    return None if found is None else _at_version(found, version)


def recorded(scene: Scene, version: int) -> list[Step] | None:
    """The recorded steps of a scene at a version; ``None`` when it was never recorded."""
    if not (FOLDER / f"{scene.file}.json").exists():
        return None
    return _steps(_read(scene.file)["scenes"].get(scene.name, {}), version)


def recorded_on() -> str:
    """The day of the oldest recording."""
    return min(_read(path.stem)["recorded"] for path in FOLDER.glob("*.json"))


class Recorder:
    """Gathers steps and writes the files anew; scenes that were not played keep what they had."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, dict[int, list[Step]]]] = {}
        self._golden = GoldenFrames()

    def add(self, scene: Scene, version: int, steps: list[Step], frames: list[Frames]) -> None:
        """Keep the steps of a scene, and the frames of the API it is about."""
        self._files.setdefault(scene.file, {}).setdefault(scene.name, {})[version] = steps
        self._golden.add(scene, version, frames)

    def write(self, scenes: list[Scene]) -> None:
        """Write what was gathered; what is no scene any more is dropped."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        for file, played in self._files.items():
            path = FOLDER / f"{file}.json"
            kept = json.loads(path.read_text())["scenes"] if path.exists() else {}
            merged: dict[str, dict[int, list[Step]]] = {}
            for scene in scenes:
                if scene.file != file:
                    continue
                merged[scene.name] = {}
                for version in scene.versions:
                    steps = played.get(scene.name, {}).get(version)
                    if steps is None:
                        steps = _steps(kept.get(scene.name, {}), version)
                    if steps is not None:
                        merged[scene.name][version] = steps
            path.write_text(_layout(merged))
        self._golden.write()


def _layout(scenes: dict[str, dict[int, list[Step]]]) -> str:
    """JSON with a line for every step, so that a change can be read in a diff.

    Most scenes go on as in the version before: then the number of that version stands for them.
    """
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    head = ["{", f' "kafka": "{VERSION}",', f' "recorded": "{today}",', ' "scenes": {']
    blocks: list[str] = []
    for name, versions in scenes.items():
        known: dict[str, int] = {}
        parts: list[str] = []
        for version, steps in versions.items():
            text = _any_version(steps, version)
            same = known.setdefault(text, version)
            if same != version:
                parts.append(f'   "{version}": "{same}"')
                continue
            lines = [f"    {json.dumps(step, ensure_ascii=False)}" for step in json.loads(text)]
            parts.append("\n".join([f'   "{version}": [', ",\n".join(lines), "   ]"]))
        blocks.append("\n".join([f'  "{name}": {{', ",\n".join(parts), "  }"]))
    return "\n".join([*head, ",\n".join(blocks), " }", "}", ""])
