"""DescribeTransactions: ids that were initialised, and others."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.messages.api_65_describe_transactions import DescribeTransactionsRequest


def initialised(c: Conversation, suffix: str, timeout_ms: int = 5000) -> str:
    """A transactional id a producer has."""
    name = c.name(suffix)
    request = InitProducerIdRequest(transactional_id=name, transaction_timeout_ms=timeout_ms)
    answer = c.quietly(request, 5)
    # It takes Apache Kafka a moment to have the topic in which it keeps the first of them.
    while answer.error_code:
        answer = c.quietly(request, 5)
    c.normalizer.name("producer id", answer.producer_id)
    return name


@scene(DescribeTransactionsRequest)
def some(c: Conversation, version: int) -> None:
    # So that 0, which stands where nothing is known, is nobody's id.
    c.quietly(InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1), 5)
    one, missing = initialised(c, "one"), c.name("missing")
    for label, names in (
        ("one", [one]),
        ("unknown", [missing]),
        ("empty", [""]),
        ("none", []),
        ("several", [missing, one, "", one]),
    ):
        c.ask(label, DescribeTransactionsRequest(transactional_ids=names), version)
    initialised(c, "one", 7000)
    c.ask("with another timeout", DescribeTransactionsRequest(transactional_ids=[one]), version)
