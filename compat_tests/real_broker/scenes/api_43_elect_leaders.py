"""ElectLeaders: one broker leads every partition, so that no election is needed."""

from __future__ import annotations

from collections.abc import Iterable

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_43_elect_leaders import ElectLeadersRequest, TopicPartitions

PREFERRED, UNCLEAN = 0, 1


def elect(
    topics: Iterable[tuple[str, list[int]]] | None, kind: int = PREFERRED, timeout_ms: int = 10_000
) -> ElectLeadersRequest:
    return ElectLeadersRequest(
        election_type=kind,
        topic_partitions=(
            None
            if topics is None
            else [TopicPartitions(topic=name, partitions=indexes) for name, indexes in topics]
        ),
        timeout_ms=timeout_ms,
    )


@scene(ElectLeadersRequest)
def partitions(c: Conversation, version: int) -> None:
    topic, other, missing = c.topic("t", 3), c.topic("o"), c.name("missing")
    kinds = (PREFERRED, UNCLEAN) if version >= 1 else (PREFERRED,)
    for kind in kinds:
        for label, asked in (
            ("one", [(topic, [0])]),
            ("three", [(topic, [0, 1, 2])]),
            ("two topics", [(topic, [2, 0]), (other, [0])]),
            ("unknown partition", [(topic, [3])]),
            ("negative partition", [(topic, [-1])]),
            ("unknown topic", [(missing, [0, 1])]),
            ("illegal name", [("a b", [0])]),
            ("empty name", [("", [0])]),
            ("good and unknown", [(topic, [0, 7]), (missing, [0]), (other, [0])]),
            ("a partition twice", [(topic, [0, 0])]),
            ("a topic twice", [(topic, [0]), (topic, [1])]),
            ("no partitions", [(topic, [])]),
            ("no partitions of an unknown topic", [(missing, [])]),
            ("no topics", []),
        ):
            c.ask(f"{label}, kind {kind}", elect(asked, kind), version)


@scene(ElectLeadersRequest)
def all_partitions(c: Conversation, version: int) -> None:
    """Of all topics, those of the scene are compared."""
    topics = [c.topic("a", 2), c.topic("b")]
    for kind in (PREFERRED, UNCLEAN) if version >= 1 else (PREFERRED,):
        answer = c.quietly(elect(None, kind), version)
        own = [found for found in answer.replica_election_results if found.topic in topics]
        answer.replica_election_results = own
        outcome = c.normalizer.answer(answer, version)
        c.steps.append([f"null, kind {kind}", f"ElectLeaders v{version}", outcome])


@scene(ElectLeadersRequest)
def time_to_do_it(c: Conversation, version: int) -> None:
    topic, missing = c.topic("t", 2), c.name("missing")
    for timeout_ms in (0, -1):
        asked = [(topic, [0, 1, 5]), (missing, [0]), (topic, [])]
        c.ask(f"{timeout_ms} ms", elect(asked, timeout_ms=timeout_ms), version)
        c.ask(f"{timeout_ms} ms, null", elect(None, timeout_ms=timeout_ms), version)
        c.ask(f"{timeout_ms} ms, no topics", elect([], timeout_ms=timeout_ms), version)
    c.ask("1 s", elect([(topic, [0])], timeout_ms=1000), version)


@scene(ElectLeadersRequest, "1+")
def kinds(c: Conversation, version: int) -> None:
    topic = c.topic("t")
    for kind in (2, -1, 127, -128):
        c.ask(f"kind {kind}", elect([(topic, [0, 3])], kind), version)
        c.ask(f"kind {kind}, null", elect(None, kind), version)
        c.ask(f"kind {kind}, no topics", elect([], kind), version)
        c.ask(f"kind {kind}, 0 ms", elect([(topic, [0])], kind, 0), version)
