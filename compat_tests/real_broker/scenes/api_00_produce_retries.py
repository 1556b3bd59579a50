"""Produce: what a retrying client meets, when answers get lost and batches come in another order."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.producing import batch, produce
from kafka_codecs.messages.api_00_produce import ProduceRequest


class Client:
    """An idempotent producer of one partition, which sends on any connection."""

    def __init__(self, c: Conversation, version: int, topic: str) -> None:
        self._c = c
        self._version = version
        self._topic = topic
        self.producer = c.producer_id()
        self.epoch = 0

    def _request(self, sequence: int, records: int, acks: int) -> ProduceRequest:
        records_sent = batch(self.producer, self.epoch, sequence, records)
        place = (self._topic, 0)
        return produce(self._c, self._version, {place: records_sent}, acks=acks)

    def lose(self, *sequences: int, acks: int = -1) -> None:
        """Send batches whose answers never arrive: the connection is gone when they come."""
        for sequence in sequences:
            self._c.send(self._request(sequence, 1, acks), self._version, "lost")
        self._c.lose(len(sequences) if acks else 0, "lost")
        # An answer to something after them shows that those without acks have been appended too.
        self._c.wait_for(self._topic, connection="lost")
        self._c.forget("lost")

    def send(self, label: str, sequence: int, records: int = 1) -> None:
        """Send a batch on another connection, and keep the answer."""
        request = self._request(sequence, records, -1)
        self._c.ask(label, request, self._version, connection="retry")


@scene(ProduceRequest)
def answers_lost(c: Conversation, version: int) -> None:
    client = Client(c, version, c.topic())
    client.lose(0)
    client.send("the first again", 0)
    client.send("goes on", 1)
    client.lose(2, 3, 4, 5, 6)
    for sequence in range(2, 7):
        client.send(f"five lost, {sequence} again", sequence)
    for sequence in range(2, 7):
        client.send(f"and {sequence} once more", sequence)
    client.send("goes on after five", 7)


@scene(ProduceRequest)
def more_than_five_lost(c: Conversation, version: int) -> None:
    """Only five batches are remembered: a client with more in flight cannot be told apart."""
    client = Client(c, version, c.topic())
    client.lose(0, 1, 2, 3, 4, 5)
    client.send("the first of six again", 0)
    client.send("the second of six again", 1)
    client.send("the sixth again", 5)
    client.send("all six as one batch", 0, 6)
    client.send("goes on", 6)


@scene(ProduceRequest)
def the_first_never_arrived(c: Conversation, version: int) -> None:
    """The first batch met a broker that did not lead; the second arrives before its retry."""
    client = Client(c, version, c.topic())
    client.send("the second, of a stranger", 1)
    client.send("the first", 0)
    client.send("the second again", 1)
    client.send("the third", 2)


@scene(ProduceRequest)
def one_in_the_middle_never_arrived(c: Conversation, version: int) -> None:
    client = Client(c, version, c.topic())
    client.send("the first", 0)
    client.send("the third, before the second", 2)
    client.send("the fourth, before the second", 3)
    client.send("the second", 1)
    client.send("the fourth, before the third", 3)
    client.send("the third", 2)
    client.send("the fourth", 3)


@scene(ProduceRequest)
def the_batch_is_split(c: Conversation, version: int) -> None:
    """A client that was told MESSAGE_TOO_LARGE sends the halves; here the whole had been written."""
    client = Client(c, version, c.topic())
    client.send("four records", 0, 4)
    client.send("the first two", 0, 2)
    client.send("the last two", 2, 2)
    client.send("goes on", 4)


@scene(ProduceRequest)
def the_epoch_is_bumped(c: Conversation, version: int) -> None:
    """What a client does that cannot tell what was written: a new epoch, sequences from 0 (KIP-360)."""
    client = Client(c, version, c.topic())
    client.lose(0, 1)
    client.epoch = 1
    client.send("again in the next epoch", 0)
    client.epoch = 0
    client.send("a late one of the old epoch", 2)
    client.send("a late duplicate of the old epoch", 1)
    client.epoch = 1
    client.send("goes on", 1)


@scene(ProduceRequest)
def lost_without_acks(c: Conversation, version: int) -> None:
    client = Client(c, version, c.topic())
    client.lose(0, 1, acks=0)
    client.send("the second again, with acks", 1)
    client.send("goes on", 2)


@scene(ProduceRequest)
def the_topic_is_deleted_between(c: Conversation, version: int) -> None:
    """A new topic of the same name remembers nobody."""
    topic = c.topic()
    client = Client(c, version, topic)
    client.send("in the first topic", 0)
    client.send("goes on", 1)
    c.delete(topic)
    client.send("in no topic", 2)
    assert not c.create(topic)
    client.send("in the second topic", 2)
    client.send("goes on there", 3)
    client.send("from the first topic", 1)
