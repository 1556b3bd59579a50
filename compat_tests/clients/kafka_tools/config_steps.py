"""What the tools are asked of configs, quotas and credentials."""

from __future__ import annotations

from compat_tests.clients.kafka_tools.toolbox import Step

_CONFIGS = "kafka-configs $AT --entity-type"


def _configs(entity: str, what: str, add: str, names: str) -> tuple[Step, ...]:
    """Alter what belongs to an entity, look at it, and take it away again."""
    describe = f"kafka-configs $AT --describe {entity}"
    return (
        Step(f"add {what}", f"kafka-configs $AT --alter {entity} --add-config {add}"),
        Step(f"describe {what}", describe),
        Step(f"delete {what}", f"kafka-configs $AT --alter {entity} --delete-config {names}"),
        Step(f"describe {what} that are left", describe),
    )


CONFIGS = (
    Step("describe a topic's configs", f"{_CONFIGS} topics --entity-name orders --describe"),
    Step(
        "describe all configs of a topic",
        f"{_CONFIGS} topics --entity-name orders --describe --all",
    ),
    Step("describe an unknown topic's configs", f"{_CONFIGS} topics --entity-name no --describe"),
    *_configs(
        "--entity-type topics --entity-name assigned",
        "topic configs",
        "max.message.bytes=65536,cleanup.policy=[compact,delete]",
        "max.message.bytes,cleanup.policy",
    ),
    Step(
        "add a wrong topic config",
        f"{_CONFIGS} topics --entity-name orders --alter --add-config max.message.bytes=many",
    ),
    Step(
        "add an unknown topic config",
        f"{_CONFIGS} topics --entity-name orders --alter --add-config no.such.config=1",
    ),
    Step(
        "delete a topic config that is not set",
        f"{_CONFIGS} topics --entity-name orders --alter --delete-config max.message.bytes",
    ),
    Step(
        "add a config to an unknown topic",
        f"{_CONFIGS} topics --entity-name unknown --alter --add-config max.message.bytes=65536",
    ),
    Step(
        "add configs from a file",
        f"{_CONFIGS} topics --entity-name assigned --alter --add-config-file $FOLDER/added",
        files={"added": "segment.bytes=1048576\nretention.bytes=2097152\n"},
    ),
    Step("describe the configs of all topics", f"{_CONFIGS} topics --describe"),
    Step(
        "describe all configs of a broker", f"{_CONFIGS} brokers --entity-name 1 --describe --all"
    ),
    Step("describe an unknown broker's configs", f"{_CONFIGS} brokers --entity-name 9 --describe"),
    *_configs(
        "--entity-type brokers --entity-name 1",
        "broker configs",
        "log.retention.bytes=1048576,message.max.bytes=2097152",
        "log.retention.bytes,message.max.bytes",
    ),
    *_configs(
        "--entity-type brokers --entity-default",
        "configs of all brokers",
        "log.retention.bytes=1048576",
        "log.retention.bytes",
    ),
    Step(
        "add a broker config that is fixed",
        f"{_CONFIGS} brokers --entity-name 1 --alter --add-config node.id=2",
    ),
    Step(
        "add a wrong broker config",
        f"{_CONFIGS} brokers --entity-name 1 --alter --add-config message.max.bytes=-1",
    ),
    Step(
        "change a logger",
        f"{_CONFIGS} broker-loggers --entity-name 1 --alter --add-config no.such.logger=DEBUG",
    ),
    *_configs(
        "--entity-type groups --entity-name readers",
        "group configs",
        "consumer.session.timeout.ms=46000,consumer.heartbeat.interval.ms=6000",
        "consumer.session.timeout.ms,consumer.heartbeat.interval.ms",
    ),
    Step(
        "add a wrong group config",
        f"{_CONFIGS} groups --entity-name readers --alter"
        " --add-config consumer.session.timeout.ms=1",
    ),
    *_configs(
        "--entity-type clients --entity-name tester",
        "quotas of a client",
        "producer_byte_rate=1048576,request_percentage=50",
        "producer_byte_rate,request_percentage",
    ),
    *_configs(
        "--entity-type users --entity-name bob --entity-type clients --entity-default",
        "quotas of a user's clients",
        "consumer_byte_rate=2097152",
        "consumer_byte_rate",
    ),
    *_configs(
        "--entity-type ips --entity-name 10.0.0.1",
        "quotas of an address",
        "connection_creation_rate=10",
        "connection_creation_rate",
    ),
    Step(
        "add a quota of users by default",
        "kafka-configs $AT --alter --user-defaults --add-config producer_byte_rate=4096",
    ),
    Step("describe the quotas of users", f"{_CONFIGS} users --describe"),
    Step(
        "delete a quota of users by default",
        "kafka-configs $AT --alter --user-defaults --delete-config producer_byte_rate",
    ),
    Step(
        "add an unknown quota",
        f"{_CONFIGS} clients --entity-name tester --alter --add-config no_such_rate=1",
    ),
    *_configs(
        "--entity-type users --entity-name carol",
        "SCRAM credentials",
        "SCRAM-SHA-256=[iterations=8192,password=secret]",
        "SCRAM-SHA-256",
    ),
    Step(
        "add two SCRAM credentials at once",
        f"{_CONFIGS} users --entity-name carol --alter"
        " --add-config SCRAM-SHA-256=[password=secret],SCRAM-SHA-512=[password=secret]",
    ),
    Step(
        "add SCRAM credentials with few iterations",
        f"{_CONFIGS} users --entity-name carol --alter"
        " --add-config SCRAM-SHA-256=[iterations=100,password=secret]",
    ),
    Step(
        "delete SCRAM credentials that are not there",
        f"{_CONFIGS} users --entity-name carol --alter --delete-config SCRAM-SHA-256",
    ),
    *_configs(
        "--entity-type client-metrics --entity-name sub",
        "configs of client metrics",
        "metrics=[org.apache.kafka.producer.],interval.ms=30000",
        "metrics,interval.ms",
    ),
    Step(
        "add a subscription to client metrics",
        "kafka-client-metrics $AT --alter --name sub --metrics org.apache.kafka.consumer."
        " --interval 5000 --match client_software_name=apache-kafka-java",
    ),
    Step("list subscriptions", "kafka-client-metrics $AT --list"),
    Step("describe a subscription", "kafka-client-metrics $AT --describe --name sub"),
    Step("describe an unknown subscription", "kafka-client-metrics $AT --describe --name unknown"),
    Step(
        "add a subscription with a wrong interval",
        "kafka-client-metrics $AT --alter --name sub --interval 1",
    ),
    Step("delete a subscription", "kafka-client-metrics $AT --delete --name sub"),
    Step("list the subscriptions that are left", "kafka-client-metrics $AT --list"),
)
