"""ElectLeaders (key 43): have new leaders elected (KIP-183).

Version 1 adds the kind of election, preferred (0) or unclean (1), and an error for the whole request
(KIP-460); 2 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT8, INT16, INT32, STRING


class TopicPartitions(Struct):
    """``topic_partitions[]`` of :class:`ElectLeadersRequest`."""

    topic: str = field(STRING)
    partitions: list[int] = field(ARRAY(INT32))


class ElectLeadersRequest(Request, api_key=43, versions="0-2", flexible="2+"):
    """The partitions; null for all there are. ``timeout_ms`` is in milliseconds."""

    election_type: int = field(INT8, "1+", default=0)
    topic_partitions: list[TopicPartitions] | None = field(ARRAY(TopicPartitions), nullable="0+")
    timeout_ms: int = field(INT32, default=60000)


class PartitionResult(Struct):
    """``partition_result[]`` of :class:`ReplicaElectionResult`."""

    partition_id: int = field(INT32)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")


class ReplicaElectionResult(Struct):
    """``replica_election_results[]`` of :class:`ElectLeadersResponse`."""

    topic: str = field(STRING)
    partition_result: list[PartitionResult] = field(ARRAY(PartitionResult))


class ElectLeadersResponse(Response, api_key=43, versions="0-2", flexible="2+"):
    """Per partition what came of it; of all there are, only those whose leader changed or should have."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, "1+", default=0)
    replica_election_results: list[ReplicaElectionResult] = field(ARRAY(ReplicaElectionResult))
