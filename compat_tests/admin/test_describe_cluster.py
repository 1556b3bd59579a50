"""DescribeCluster: one broker, which is the controller's spokesman and not the controller."""

from __future__ import annotations

from typing import Any

import pytest

from compat_tests.admin.conftest import Start
from compat_tests.conftest import BrokerUnderTest
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_60_describe_cluster import DescribeClusterRequest

NOT_ASKED = -2147483648
ALL_OF_A_CLUSTER = 8096


def describe(client: WireClient, version: int = 2, **options: Any) -> Any:
    return client.ask(DescribeClusterRequest(**options), version)


@pytest.mark.parametrize("version", range(3))
def test_the_one_broker(broker: BrokerUnderTest, client: WireClient, version: int) -> None:
    answer = describe(client, version, include_cluster_authorized_operations=False)
    assert (answer.error_code, answer.error_message, answer.endpoint_type) == (0, None, 1)
    (one,) = answer.brokers
    assert (one.host, one.port, one.is_fenced) == (*broker.address, False)
    assert one.broker_id == answer.controller_id
    assert len(answer.cluster_id) == 22
    assert answer.cluster_authorized_operations == NOT_ASKED


def test_authorized_operations(client: WireClient) -> None:
    answer = describe(client, include_cluster_authorized_operations=True)
    assert answer.cluster_authorized_operations == ALL_OF_A_CLUSTER


@pytest.mark.parametrize(
    ("endpoint_type", "error", "message"),
    [
        (
            2,
            ErrorCode.MISMATCHED_ENDPOINT_TYPE,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type"
            " CONTROLLER",
        ),
        (3, ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, "Unsupported endpoint type 3"),
        (0, ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, "Unsupported endpoint type 0"),
    ],
)
def test_other_endpoints(client: WireClient, endpoint_type: int, error: int, message: str) -> None:
    answer = describe(client, endpoint_type=endpoint_type)
    assert (answer.error_code, answer.error_message) == (error, message)
    assert (answer.cluster_id, answer.controller_id, answer.brokers) == ("", -1, [])


def test_id_and_rack_are_the_configured_ones(start: Start) -> None:
    (one,) = describe(start({"node.id": "7", "broker.rack": "r1"})).brokers
    assert (one.broker_id, one.rack) == (7, "r1")


def test_the_advertised_address(start: Start) -> None:
    (one,) = describe(start({"advertised.listeners": "PLAINTEXT://elsewhere:1234"})).brokers
    assert (one.host, one.port) == ("elsewhere", 1234)
