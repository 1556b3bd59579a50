"""DescribeQuorum: the one controller there is, which is this broker too (KIP-595)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_55_describe_quorum import (
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    Listener,
    Node,
    QuorumPartition,
    ReplicaState,
    TopicData,
)
from kafkashim.apis import RequestContext
from kafkashim.listeners import advertised
from kafkashim.state import Broker

METADATA_TOPIC = "__cluster_metadata"
LEADER_EPOCH = 1
# What a controller is called that shares its process with a broker, unless it is configured.
CONTROLLER = "CONTROLLER"
NOT_HERE = "This server does not host this topic-partition."


def handle(
    request: DescribeQuorumRequest, broker: Broker, context: RequestContext
) -> DescribeQuorumResponse:
    """Describe the quorum to whoever asks for its partition and nothing else."""
    asked = [
        (topic.topic_name, [partition.partition_index for partition in topic.partitions])
        for topic in request.topics
    ]
    if asked != [(METADATA_TOPIC, [0])]:
        return DescribeQuorumResponse(
            topics=[
                TopicData(topic_name=name, partitions=[_unknown(index) for index in indexes])
                for name, indexes in asked
            ]
        )
    offset, now = broker.cluster.metadata_offset(), broker.clock.now_ms()
    voter = ReplicaState(
        replica_id=broker.node_id,
        log_end_offset=offset,
        last_fetch_timestamp=now,
        last_caught_up_timestamp=now,
    )
    partition = QuorumPartition(
        partition_index=0,
        leader_id=broker.node_id,
        leader_epoch=LEADER_EPOCH,
        high_watermark=offset,
        current_voters=[voter],
        observers=[],
    )
    host, port = advertised(broker, context.connection)
    name = broker.config.get("controller.listener.names").partition(",")[0] or CONTROLLER
    return DescribeQuorumResponse(
        topics=[TopicData(topic_name=METADATA_TOPIC, partitions=[partition])],
        nodes=[Node(node_id=broker.node_id, listeners=[Listener(name=name, host=host, port=port)])],
    )


def _unknown(index: int) -> QuorumPartition:
    return QuorumPartition(
        partition_index=index,
        error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        error_message=NOT_HERE,
        current_voters=[],
        observers=[],
    )
