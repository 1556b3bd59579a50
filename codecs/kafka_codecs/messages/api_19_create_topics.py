"""CreateTopics (key 19): new topics.

Version 4 lets the broker choose partitions and replication (KIP-464); 5 is flexible and answers the
configs (KIP-525); 7 answers the topic's id (KIP-516).
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import ZERO_UUID, Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT8, INT16, INT32, STRING, UUID


class CreatableReplicaAssignment(Struct):
    """``assignments[]`` of :class:`CreatableTopic`."""

    partition_index: int = field(INT32)
    broker_ids: list[int] = field(ARRAY(INT32))


class CreatableTopicConfig(Struct):
    """``configs[]`` of :class:`CreatableTopic`."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")


class CreatableTopic(Struct):
    """``topics[]`` of :class:`CreateTopicsRequest`."""

    name: str = field(STRING)
    num_partitions: int = field(INT32)
    replication_factor: int = field(INT16)
    assignments: list[CreatableReplicaAssignment] = field(ARRAY(CreatableReplicaAssignment))
    configs: list[CreatableTopicConfig] = field(ARRAY(CreatableTopicConfig))


class CreateTopicsRequest(Request, api_key=19, versions="2-7", flexible="5+"):
    """Topics to create, or only to check."""

    topics: list[CreatableTopic] = field(ARRAY(CreatableTopic))
    timeout_ms: int = field(INT32, default=60000)
    validate_only: bool = field(BOOLEAN, default=False)


class CreatableTopicConfigs(Struct):
    """``configs[]`` of :class:`CreatableTopicResult`."""

    name: str = field(STRING, "5+", default="")
    value: str | None = field(STRING, "5+", nullable="5+", default="")
    read_only: bool = field(BOOLEAN, "5+", default=False)
    config_source: int = field(INT8, "5+", default=-1)
    is_sensitive: bool = field(BOOLEAN, "5+", default=False)


class CreatableTopicResult(Struct):
    """``topics[]`` of :class:`CreateTopicsResponse`."""

    name: str = field(STRING)
    topic_id: Uuid = field(UUID, "7+", default=ZERO_UUID)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    topic_config_error_code: int = field(INT16, "5+", tag=0, default=0)
    num_partitions: int = field(INT32, "5+", default=-1)
    replication_factor: int = field(INT16, "5+", default=-1)
    configs: list[CreatableTopicConfigs] | None = field(
        ARRAY(CreatableTopicConfigs), "5+", nullable="5+", default=()
    )


class CreateTopicsResponse(Response, api_key=19, versions="2-7", flexible="5+"):
    """Per topic what was created, or why it was not."""

    throttle_time_ms: int = field(INT32, default=0)
    topics: list[CreatableTopicResult] = field(ARRAY(CreatableTopicResult))
