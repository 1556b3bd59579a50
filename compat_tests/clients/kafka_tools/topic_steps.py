"""What the tools are asked of topics and their records."""

from __future__ import annotations

import json

from compat_tests.clients.kafka_tools.toolbox import Step

TOPICS = (
    Step(
        "create a topic",
        "kafka-topics $AT --create --topic orders --partitions 3 --replication-factor 1"
        " --config retention.ms=604800000 --config cleanup.policy=delete",
    ),
    Step("create a topic again", "kafka-topics $AT --create --topic orders"),
    Step(
        "create a topic unless it is there",
        "kafka-topics $AT --create --topic orders --if-not-exists",
    ),
    Step(
        "create a topic with a period in its name",
        "kafka-topics $AT --create --topic orders.returned --partitions 1",
    ),
    Step(
        "create a topic whose name collides",
        "kafka-topics $AT --create --topic orders_returned --partitions 1",
    ),
    Step(
        "create a topic with a wrong config",
        "kafka-topics $AT --create --topic wrong --config retention.ms=never",
    ),
    Step(
        "create a topic with an unknown config",
        "kafka-topics $AT --create --topic wrong --config no.such.config=1",
    ),
    Step(
        "create a topic with two replicas",
        "kafka-topics $AT --create --topic wrong --replication-factor 2",
    ),
    Step(
        "create a topic with an assignment",
        "kafka-topics $AT --create --topic assigned --replica-assignment 1,1",
    ),
    Step(
        "create a topic with an unknown broker",
        "kafka-topics $AT --create --topic wrong --replica-assignment 7",
    ),
    Step("create a topic without partitions", "kafka-topics $AT --create --topic w --partitions 0"),
    Step("create a topic with a wrong name", "kafka-topics $AT --create --topic wrong/name"),
    Step("list topics", "kafka-topics $AT --list --exclude-internal"),
    Step("list topics by a pattern", "kafka-topics $AT --list --topic 'orders.*'"),
    Step("describe a topic", "kafka-topics $AT --describe --topic orders"),
    Step("describe a topic by its id", "kafka-topics $AT --describe --topic-id $ID"),
    Step("describe all topics", "kafka-topics $AT --describe --exclude-internal"),
    Step(
        "describe topics with configs",
        "kafka-topics $AT --describe --topics-with-overrides --exclude-internal",
    ),
    Step(
        "describe under-replicated partitions",
        "kafka-topics $AT --describe --under-replicated-partitions",
    ),
    Step("describe unavailable partitions", "kafka-topics $AT --describe --unavailable-partitions"),
    Step(
        "describe partitions at the minimum",
        "kafka-topics $AT --describe --at-min-isr-partitions --exclude-internal",
    ),
    Step("describe an unknown topic", "kafka-topics $AT --describe --topic unknown"),
    Step(
        "describe an unknown topic id",
        "kafka-topics $AT --describe --topic-id AAAAAAAAAAAAAAAAAAAAAg",
    ),
    Step("add partitions", "kafka-topics $AT --alter --topic assigned --partitions 4"),
    Step("add fewer partitions", "kafka-topics $AT --alter --topic assigned --partitions 3"),
    Step("add as many partitions", "kafka-topics $AT --alter --topic assigned --partitions 4"),
    Step(
        "add partitions to an unknown topic", "kafka-topics $AT --alter --topic no --partitions 4"
    ),
)

RECORDS = (
    Step(
        "produce from the console",
        "kafka-console-producer $AT --topic orders --command-property acks=all"
        " --reader-property parse.key=true --reader-property key.separator=:",
        typed="apple:1\napple:2\nplum:3\napple:4\napple:5\n",
    ),
    Step(
        "produce with headers, compressed",
        "kafka-console-producer $AT --topic orders --compression-codec zstd"
        " --reader-property parse.key=true --reader-property parse.headers=true"
        " --reader-property key.separator=: --reader-property null.marker=NULL",
        typed="colour:red\tapple:6\ncolour:green\tapple:NULL\n",
    ),
    Step(
        "produce a line without key",
        "kafka-console-producer $AT --topic orders --reader-property parse.key=true",
        typed="no key\n",
    ),
    Step(
        "produce to a topic that is created by it",
        "kafka-console-producer $AT --topic made.by.producer",
        typed="first\n",
    ),
    Step(
        "consume on the console",
        "kafka-console-consumer $AT --topic orders --partition 1 --offset earliest"
        " --max-messages 6 --timeout-ms 10000 --formatter-property print.partition=true"
        " --formatter-property print.offset=true --formatter-property print.key=true"
        " --formatter-property print.headers=true --formatter-property print.timestamp=true",
    ),
    Step(
        "consume from an offset",
        "kafka-console-consumer $AT --topic orders --partition 1 --offset 2"
        " --max-messages 2 --timeout-ms 10000",
    ),
    Step(
        "consume as a group",
        "kafka-console-consumer $AT --topic orders --group console --from-beginning"
        " --max-messages 7 --timeout-ms 10000",
    ),
    Step(
        "consume as a group of the consumer protocol",
        "kafka-console-consumer $AT --topic orders --group console.consumer --from-beginning"
        " --command-property group.protocol=consumer --max-messages 7 --timeout-ms 10000",
    ),
    Step(
        "consume until nothing comes",
        "kafka-console-consumer $AT --topic orders --partition 1 --offset latest --timeout-ms 500",
    ),
    Step(
        "consume topics by a pattern",
        "kafka-console-consumer $AT --include 'orders.*' --group pattern --from-beginning"
        " --max-messages 7 --timeout-ms 10000",
    ),
    Step(
        "produce verifiably",
        "kafka-verifiable-producer $AT --topic orders.returned --max-messages 12 --acks -1",
        own_process=True,
    ),
    Step(
        "produce verifiably with one acknowledgement",
        "kafka-verifiable-producer $AT --topic orders.returned --max-messages 3 --acks 1"
        " --value-prefix 7 --repeating-keys 2",
        own_process=True,
    ),
    Step(
        "consume verifiably",
        "kafka-verifiable-consumer $AT --topic orders.returned --group-id verify"
        " --max-messages 15 --verbose",
    ),
    Step(
        "consume verifiably with the consumer protocol",
        "kafka-verifiable-consumer $AT --topic orders.returned --group-id verify.consumer"
        " --group-protocol consumer --max-messages 15",
    ),
    Step(
        "measure a producer",
        "kafka-producer-perf-test $AT --topic measured --num-records 2000 --record-size 100"
        " --throughput -1 --command-property enable.idempotence=true",
    ),
    Step(
        "measure a producer that compresses",
        "kafka-producer-perf-test $AT --topic measured --num-records 2000 --record-size 100"
        " --throughput -1 --command-property compression.type=lz4",
    ),
    Step(
        "measure a consumer",
        "kafka-consumer-perf-test $AT --topic measured --num-records 4000 --group measuring"
        " --timeout 10000",
    ),
    Step(
        "measure a consumer, without header",
        "kafka-consumer-perf-test $AT --topic measured --num-records 4000 --group measuring.more"
        " --hide-header --timeout 10000",
    ),
    Step(
        "measure from end to end",
        "kafka-e2e-latency $AT --topic measured.latency --num-records 5 --producer-acks all"
        " --record-size 10",
    ),
    Step("latest offsets", "kafka-get-offsets $AT --topic orders"),
    Step("earliest offsets", "kafka-get-offsets $AT --topic orders --time earliest"),
    Step(
        "offsets of the newest records", "kafka-get-offsets $AT --topic orders --time max-timestamp"
    ),
    Step("offsets by time", "kafka-get-offsets $AT --topic orders --time 1000"),
    Step("offsets by a time to come", "kafka-get-offsets $AT --topic orders --time 4102444800000"),
    Step("local offsets", "kafka-get-offsets $AT --topic orders --time earliest-local"),
    Step("tiered offsets", "kafka-get-offsets $AT --topic orders --time latest-tiered"),
    Step("offsets of all topics", "kafka-get-offsets $AT --exclude-internal-topics"),
    Step(
        "offsets of some partitions",
        "kafka-get-offsets $AT --topic-partitions 'orders:0-2,assigned:3,no.*'",
    ),
    Step("offsets of an unknown topic", "kafka-get-offsets $AT --topic unknown"),
)

_ORDERS = [{"topic": "orders", "partition": 1, "offset": 2}]
_TOO_FAR = [{"topic": "orders", "partition": 1, "offset": 99}]

DELETE_RECORDS = (
    Step(
        "delete records",
        "kafka-delete-records $AT --offset-json-file $FOLDER/delete.json",
        files={"delete.json": json.dumps({"partitions": _ORDERS, "version": 1})},
    ),
    Step("earliest offsets after that", "kafka-get-offsets $AT --topic orders --time earliest"),
    Step(
        "delete records that are not there",
        "kafka-delete-records $AT --offset-json-file $FOLDER/far.json",
        files={"far.json": json.dumps({"partitions": _TOO_FAR, "version": 1})},
    ),
)

DELETE_TOPICS = (
    Step("delete a topic", "kafka-topics $AT --delete --topic assigned"),
    Step("delete a topic again", "kafka-topics $AT --delete --topic assigned"),
    Step("delete a topic if it is there", "kafka-topics $AT --delete --topic assigned --if-exists"),
    Step("delete topics by a pattern", "kafka-topics $AT --delete --topic 'measured.*'"),
    Step("list topics that are left", "kafka-topics $AT --list --exclude-internal"),
)
