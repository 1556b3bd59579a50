"""The topics in which Apache Kafka keeps its coordinators' state.

They come when the first coordinator is asked for (``AutoTopicCreationManager``), with the partitions and
the configs their coordinators want (``GroupCoordinatorService.groupMetadataTopicConfigs``,
``TransactionCoordinator.transactionStateTopicConfigs``,
``ShareCoordinatorService.shareGroupStateTopicConfigs``). Nothing is written to them here.
"""

from __future__ import annotations

from kafkashim.config import Config

OFFSETS = "__consumer_offsets"
TRANSACTIONS = "__transaction_state"
SHARE_STATE = "__share_group_state"
INTERNAL_TOPICS = frozenset({OFFSETS, TRANSACTIONS, SHARE_STATE})
"""Known as the brokers' own, whether they are there or not (``Topic.isInternal``)."""

MAY_WRITE = "__admin_client"
"""The client id with which a client may append to them (``AdminUtils.ADMIN_CLIENT_ID``)."""


def internal_replication_factor(name: str, config: Config) -> int:
    """How many replicas an internal topic wants."""
    prefix = {
        OFFSETS: "offsets.topic",
        TRANSACTIONS: "transaction.state.log",
        SHARE_STATE: "share.coordinator.state.topic",
    }[name]
    return config.get_int(f"{prefix}.replication.factor")


def internal_topic(name: str, config: Config) -> tuple[int, dict[str, str]]:
    """The number of partitions of an internal topic, and its overrides."""
    if name == OFFSETS:
        return int(config.get("offsets.topic.num.partitions")), {
            "cleanup.policy": "compact",
            "compression.type": "producer",
            "segment.bytes": config.get("offsets.topic.segment.bytes"),
        }
    if name == TRANSACTIONS:
        return int(config.get("transaction.state.log.num.partitions")), {
            "unclean.leader.election.enable": "false",
            "compression.type": "uncompressed",
            "cleanup.policy": "compact",
            "min.insync.replicas": config.get("transaction.state.log.min.isr"),
            "segment.bytes": config.get("transaction.state.log.segment.bytes"),
        }
    return int(config.get("share.coordinator.state.topic.num.partitions")), {
        "cleanup.policy": "delete",
        "compression.type": "producer",
        "segment.bytes": config.get("share.coordinator.state.topic.segment.bytes"),
        "min.insync.replicas": config.get("share.coordinator.state.topic.min.isr"),
        "retention.ms": "-1",
    }
