"""DescribeCluster: cluster id, controller, brokers (KIP-700)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_60_describe_cluster import (
    DescribeClusterBroker,
    DescribeClusterRequest,
    DescribeClusterResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.authorized_operations import CLUSTER, NOT_ASKED
from kafkashim.apis.leadership import nodes
from kafkashim.state import Broker

BROKERS, CONTROLLERS = 1, 2


def handle(
    request: DescribeClusterRequest, broker: Broker, context: RequestContext
) -> DescribeClusterResponse:
    """Describe the brokers; those that are fenced only to who asks for them (KIP-1073)."""
    if request.endpoint_type == CONTROLLERS:
        return _refused(
            ErrorCode.MISMATCHED_ENDPOINT_TYPE,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type"
            " CONTROLLER",
        )
    if request.endpoint_type != BROKERS:
        text = f"Unsupported endpoint type {request.endpoint_type}"
        return _refused(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, text)
    known = list(broker.alive)
    if request.include_fenced_brokers:
        known = sorted(broker.cluster.brokers)
    return DescribeClusterResponse(
        error_message=None,
        cluster_id=broker.cluster.cluster_id,
        controller_id=broker.some_broker_id,
        brokers=[
            DescribeClusterBroker(
                broker_id=node.node_id,
                host=node.host,
                port=node.port,
                rack=node.rack,
                is_fenced=node.node_id not in broker.alive,
            )
            for node in nodes(broker, context.connection, known)
        ],
        cluster_authorized_operations=(
            CLUSTER if request.include_cluster_authorized_operations else NOT_ASKED
        ),
    )


def _refused(error: ErrorCode, message: str) -> DescribeClusterResponse:
    return DescribeClusterResponse(
        error_code=error, error_message=message, cluster_id="", controller_id=-1, brokers=[]
    )
