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
from kafkashim.listeners import advertised
from kafkashim.state import Broker

BROKERS, CONTROLLERS = 1, 2


def handle(
    request: DescribeClusterRequest, broker: Broker, context: RequestContext
) -> DescribeClusterResponse:
    """Describe the one broker there is."""
    if request.endpoint_type == CONTROLLERS:
        return _refused(
            ErrorCode.MISMATCHED_ENDPOINT_TYPE,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type"
            " CONTROLLER",
        )
    if request.endpoint_type != BROKERS:
        text = f"Unsupported endpoint type {request.endpoint_type}"
        return _refused(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, text)
    host, port = advertised(broker, context.connection)
    return DescribeClusterResponse(
        error_message=None,
        cluster_id=broker.cluster_id,
        controller_id=broker.node_id,
        brokers=[
            DescribeClusterBroker(
                broker_id=broker.node_id, host=host, port=port, rack=broker.config.broker_rack
            )
        ],
        cluster_authorized_operations=(
            CLUSTER if request.include_cluster_authorized_operations else NOT_ASKED
        ),
    )


def _refused(error: ErrorCode, message: str) -> DescribeClusterResponse:
    return DescribeClusterResponse(
        error_code=error, error_message=message, cluster_id="", controller_id=-1, brokers=[]
    )
