"""``kafkashim demo``: an unmodified librdkafka producer, lost answers, and every decision explained.

Part 1 is a real client on a bad road: a relay between it and the broker loses answers. Part 2 sends by
hand what a healthy client never sends. Part 3 reads everything back and counts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka import libversion as librdkafka_version

from kafkashim.relay import FORWARD, PRODUCE, Action, Relay, Request, Step
from kafkashim.scenarios.raw import RawProducer
from kafkashim.scenarios.screen import Screen
from kafkashim.testing import KafkaShim

TOPIC = "orders"
BY_HAND = "by-hand"
MESSAGES = 60
BATCH = 5
# Which of the client's Produce requests lose their answer on the way, counted from 1.
LOST = (2, 4, 9)


class LoseAnswers:
    """Swallows the answers to some Produce requests and cuts the connection."""

    def __init__(self, screen: Screen, lost: Sequence[int]) -> None:
        self._screen = screen
        self._lost = frozenset(lost)
        self.produced = 0

    def step(self, request: Request) -> Step:
        """Asked by the relay about each request."""
        if request.api_key != PRODUCE:
            return FORWARD
        self.produced += 1
        if self.produced not in self._lost:
            return FORWARD
        self._screen.line(
            f"  Produce request {self.produced} arrives; its answer will be lost, the line cut:", 36
        )
        return Step(Action.LOSE_ANSWER)


@dataclass
class Outcome:
    """What the parts found out."""

    delivered: int = 0
    failed: int = 0
    lost_answers: int = 0


def run() -> int:
    """Run all parts; 0 when everything was proved."""
    started = time.monotonic()
    screen = Screen()
    screen.line(f"kafkashim demo: librdkafka {librdkafka_version()[0]}, enable.idempotence=true", 1)
    with Relay() as relay:
        config = {"advertised.listeners": f"PLAINTEXT://127.0.0.1:{relay.port}"}
        with KafkaShim(config=config, on_decision=screen.decision) as broker:
            relay.upstream = (broker.host, broker.port)
            took = (time.monotonic() - started) * 1000
            screen.say(
                f"A broker is up on {broker.bootstrap_servers} ({took:.0f} ms), with the rule book"
                f" 'explicit'. The client reaches it through a relay that will lose the answers to"
                f" Produce requests {', '.join(map(str, LOST))}."
            )
            outcome = _part_one(screen, relay)
            _part_two(screen, broker)
            proved = _part_three(screen, broker, outcome)
    screen.line()
    screen.line(f"Done in {time.monotonic() - started:.1f} s.")
    return 0 if proved else 1


def _part_one(screen: Screen, relay: Relay) -> Outcome:
    screen.title("1. A real producer while answers get lost")
    screen.say(
        f"{MESSAGES} messages in batches of {BATCH}. Where an answer is lost the client cannot know"
        " whether its batch was written, and sends it again."
    )
    screen.line()
    program = LoseAnswers(screen, LOST)
    relay.play(program)
    outcome = Outcome()

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is None:
            outcome.delivered += 1
        else:
            outcome.failed += 1

    producer = Producer(
        {
            "bootstrap.servers": relay.bootstrap_servers,
            "client.id": "demo-producer",
            "enable.idempotence": True,
            "batch.num.messages": BATCH,
            "linger.ms": 20,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 100,
            "retry.backoff.ms": 50,
            # The lost connections are the point here; librdkafka need not warn about them.
            "log_level": 0,
        }
    )
    for number in range(MESSAGES):
        producer.produce(TOPIC, f"order {number}".encode(), partition=0, on_delivery=delivered)
    producer.flush(20)
    outcome.lost_answers = len([e for e in relay.events if e.step.action is Action.LOSE_ANSWER])
    relay.calm()
    screen.line()
    screen.say(
        f"{outcome.lost_answers} answers lost; the client reports {outcome.delivered} of {MESSAGES}"
        f" messages delivered, {outcome.failed} failed."
    )
    return outcome


def _part_two(screen: Screen, broker: KafkaShim) -> None:
    screen.title("2. What a healthy client never sends, by hand")
    screen.say(
        "These frames come from a small raw producer, not from librdkafka. First seven batches of"
        " two records, then:"
    )
    screen.line()
    broker.call(lambda state: state.cluster.create_topic_with_defaults(BY_HAND))
    producer = RawProducer(broker.host, broker.port, BY_HAND)
    try:
        for sequence in range(0, 14, 2):
            producer.send(sequence, 2)
        for about, sequence, records, epoch in (
            ("the third batch again, which is among the last five", 4, 2, 0),
            ("the first batch again, which is no longer remembered", 0, 2, 0),
            ("a batch that skips a record", 15, 2, 0),
            ("a new epoch, from 0", 0, 1, 1),
            ("the old instance once more", 14, 1, 0),
        ):
            screen.line(f"  {about}:", 36)
            producer.send(sequence, records, epoch)
    finally:
        producer.close()


def _part_three(screen: Screen, broker: KafkaShim, outcome: Outcome) -> bool:
    screen.title("3. Read back with an unmodified consumer")
    values = _read_all(broker.bootstrap_servers, TOPIC)
    wanted = [f"order {number}" for number in range(MESSAGES)]
    by_hand = _read_all(broker.bootstrap_servers, BY_HAND)
    for text, holds in (
        (
            f"{TOPIC}: {len(values)} messages, each of the {MESSAGES} once, in order",
            values == wanted,
        ),
        (f"{BY_HAND}: {len(by_hand)} records: only what was appended", len(by_hand) == 15),
        (f"answers lost on the way: {outcome.lost_answers}", outcome.lost_answers == len(LOST)),
    ):
        screen.line(f"  {'proved' if holds else 'WRONG '}  {text}", 32 if holds else 31)
    return values == wanted and len(by_hand) == 15 and outcome.delivered == MESSAGES


def _read_all(bootstrap_servers: str, topic: str) -> list[str]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "demo",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    try:
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        values: list[str] = []
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error() is not None:
                break
            values.append((message.value() or b"").decode())
        return values
    finally:
        consumer.close()
