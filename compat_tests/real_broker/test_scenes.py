"""Every API at every version: the same questions, the same answers as Apache Kafka's.

The answers of Apache Kafka are recorded. Both brokers are held to them: this one, and with
``--real-broker`` Apache Kafka itself, which shows that the recordings still hold.
"""

from __future__ import annotations

import json

import pytest

from compat_tests.real_broker.apart import apart
from compat_tests.real_broker.conftest import KAFKASHIM, Broker
from compat_tests.real_broker.conversation import Step
from compat_tests.real_broker.differences import difference
from compat_tests.real_broker.recordings import Recorder, recorded
from compat_tests.real_broker.scenes import Scene, all_scenes

PLAYS = [
    pytest.param(scene, version, id=f"{scene.file}.{scene.name}-v{version}")
    for scene in all_scenes()
    for version in scene.versions
]


@pytest.mark.parametrize(("scene", "version"), PLAYS)
def test_scene(scene_broker: Broker, recorder: Recorder | None, scene: Scene, version: int) -> None:
    # Through JSON and back: what is compared is what a file can hold.
    conversation = scene.run(scene_broker.address, version)
    steps: list[Step] = json.loads(json.dumps(conversation.steps))
    if recorder is not None:
        recorder.add(scene, version, steps, conversation.frames)
        return
    expected = recorded(scene, version)
    assert expected is not None, "never recorded: run with --record"
    shown: list[str] = []
    for came, real in zip(steps, expected, strict=False):
        known = difference(scene, version, real[0]) if scene_broker.name == KAFKASHIM else None
        if known is not None and came == real:
            shown.append(f"{real[0]}: equal, but listed as different: {known.limit}")
        elif known is None and came != real:
            shown += [
                f"{real[0]}: {path}\n   real {_short(one)}\n   here {_short(other)}"
                for path, one, other in apart(real, came)
            ]
    if len(steps) != len(expected):
        shown.append(f"{len(steps)} steps where {len(expected)} were recorded")
    assert not shown, "\n".join(shown)


def _short(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:1500]
