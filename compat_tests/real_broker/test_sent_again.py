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
from compat_tests.wire_client import WireClient
from kafkashim.testing import KafkaShim

# Programs in which it mostly happens, by the rules of Apache Kafka; chance has its part in each.
SEEDS = (805, 853, 894, 393)
ROUNDS = 5


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
