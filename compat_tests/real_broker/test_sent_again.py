"""What librdkafka sends again in a new epoch (librdkafka #4953) Apache Kafka writes again, too.

The batches of random programs in which it does so are sent to Apache Kafka one by one, in the order in
which they were decided here: it gives each the same answer.
"""

from __future__ import annotations

import pytest

from compat_tests.faults.test_random_programs import play
from compat_tests.real_broker.apache_kafka import ApacheKafka
from compat_tests.real_broker.conftest import need_real_broker
from compat_tests.server.asking import list_offset, new_topic, produce
from compat_tests.server.batches import of_producer
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafkashim.testing import KafkaShim

NONE, OUT_OF_ORDER = ErrorCode.NONE, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
# Programs in which it mostly happens, by the rules of Apache Kafka; chance has its part in each.
SEEDS = (805, 853, 894, 393)
ROUNDS = 5

# Epoch, first sequence and number of records, as librdkafka 2.16 once sent them: after the gap it begins
# epoch 1 behind two messages that were refused before, so that these are numbered -2 and -1 in it. They
# are refused once more, what follows them is taken, and they come behind it in epoch 2.
BEHIND_ITS_EPOCH = [
    ((0, 0, 1), (NONE, 0)),
    ((0, 1, 3), (NONE, 1)),
    ((0, 6, 3), (OUT_OF_ORDER, -1)),
    ((1, 2**31 - 2, 2), (OUT_OF_ORDER, -1)),
    ((1, 0, 3), (NONE, 4)),
    ((2, 0, 3), (NONE, 7)),
    ((2, 3, 3), (NONE, 10)),
]


def test_the_same_answers(pytestconfig: pytest.Config, apache_kafka: ApacheKafka) -> None:
    need_real_broker(pytestconfig)
    with WireClient(*apache_kafka.address, timeout=30) as client:
        for seed in SEEDS * ROUNDS:
            again, decisions = play(KafkaShim, seed)
            topic = new_topic(client, partitions=2)
            while any(list_offset(client, topic, -1, index).error_code for index in (0, 1)):
                pass  # its leader is not there yet
            for decision in decisions:
                batch = bytes(decision.batch.buffer)
                answer = produce(client, topic, batch, decision.partition)
                assert answer.error_code == decision.error, seed
                if not decision.error:
                    assert answer.base_offset == decision.offset, seed
            if again:
                return
    raise AssertionError("in none of the programs was anything sent again")


def numbered_before_its_epoch(client: WireClient) -> None:
    topic = new_topic(client)
    while list_offset(client, topic, -1).error_code:
        pass
    for (epoch, sequence, records), told in BEHIND_ITS_EPOCH:
        answer = produce(client, topic, of_producer(7, epoch, sequence, records))
        assert (answer.error_code, answer.base_offset) == told


def test_what_is_numbered_before_its_epoch_is_refused_here() -> None:
    with KafkaShim(rules="kafka-4.3") as shim, WireClient(*shim.brokers[1]) as client:
        numbered_before_its_epoch(client)


def test_what_is_numbered_before_its_epoch_is_refused_on_apache_kafka(
    pytestconfig: pytest.Config, apache_kafka: ApacheKafka
) -> None:
    need_real_broker(pytestconfig)
    with WireClient(*apache_kafka.address, timeout=30) as client:
        numbered_before_its_epoch(client)
