"""``/api/producers``: what each partition remembers of the producers that write to it."""

from __future__ import annotations

from kafkashim.http_api.route import Call, Reply, World
from kafkashim.rules.producer_state import ProducerStateEntry
from kafkashim.topics import Partition


def get_producers(world: World, call: Call) -> Reply:
    """Those that are remembered, partition by partition."""
    topic, index = call.query.get("topic"), call.query.get("partition")
    wanted = call.query.get("producer_id")
    kept_ms = world.servers.cluster.config.producer_id_expiration_ms
    return Reply(
        {
            "producers": [
                _shown(partition, entry, kept_ms)
                for name, found in world.topics.items()
                if topic in (None, name)
                for partition in found.partitions
                if index in (None, partition.index)
                for entry in partition.producers
                if wanted in (None, entry.producer_id)
            ]
        }
    )


def _shown(partition: Partition, entry: ProducerStateEntry, kept_ms: int) -> dict[str, object]:
    return {
        "topic": partition.topic.name,
        "partition": partition.index,
        "producer_id": entry.producer_id,
        "producer_epoch": entry.producer_epoch,
        "last_sequence": entry.last_sequence,
        "last_timestamp": entry.last_timestamp,
        "expires_at_ms": entry.last_timestamp + kept_ms,
        "batches": [
            {
                "first_sequence": batch.first_sequence,
                "last_sequence": batch.last_sequence,
                "first_offset": batch.first_offset,
                "last_offset": batch.last_offset,
                "timestamp": batch.timestamp,
            }
            for batch in entry.batches
        ],
    }
