"""FindCoordinator: this broker, at the address the client came in on."""

from __future__ import annotations

import pytest

from compat_tests.groups.fake_clients import FakeBroker
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest

TOPIC_ID = "9cZhWplzRHetpfSmVqnJwg"


@pytest.mark.parametrize("version", range(7))
@pytest.mark.parametrize("key_type", [0, 1])
def test_groups_and_transactional_ids(broker: FakeBroker, version: int, key_type: int) -> None:
    request = FindCoordinatorRequest(
        key="a", coordinator_keys=["a", ""], key_type=key_type if version else 0
    )
    response = broker.ask(request, version)
    found = [response] if version < 4 else response.coordinators
    for coordinator in found:
        assert coordinator.error_code == ErrorCode.NONE
        assert (coordinator.host, coordinator.port) == ("localhost", 9092)
        assert coordinator.node_id == broker.broker.node_id
        assert coordinator.error_message == ("NONE" if 1 <= version <= 3 else "")
    if version >= 4:
        assert [c.key for c in found] == ["a", ""]


def test_the_advertised_listener() -> None:
    broker = FakeBroker({"advertised.listeners": "PLAINTEXT://example:1234"})
    response = broker.ask(FindCoordinatorRequest(key="a"), 3)
    assert (response.host, response.port) == ("example", 1234)


@pytest.mark.parametrize("version", range(1, 7))
@pytest.mark.parametrize("key_type", [-1, 3])
def test_a_kind_of_key_that_does_not_exist(broker: FakeBroker, version: int, key_type: int) -> None:
    request = FindCoordinatorRequest(key="a", coordinator_keys=["a"], key_type=key_type)
    response = broker.ask(request, version)
    found = response if version < 4 else response.coordinators[0]
    assert found.error_code == ErrorCode.INVALID_REQUEST
    assert (found.node_id, found.host, found.port) == (-1, "", -1)
    assert found.error_message.startswith("This most likely occurs because of a request")


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (f"group:{TOPIC_ID}:0", ErrorCode.NONE),
        (f"group:{TOPIC_ID}==:+1", ErrorCode.NONE),
        (f"a:b:{TOPIC_ID}:-1", ErrorCode.NONE),
        ("group", ErrorCode.INVALID_REQUEST),
        (f" :{TOPIC_ID}:0", ErrorCode.INVALID_REQUEST),
        (f"group:{TOPIC_ID}:x", ErrorCode.INVALID_REQUEST),
        (f"group:{TOPIC_ID}: 1", ErrorCode.INVALID_REQUEST),
        (f"group:{TOPIC_ID}:99999999999", ErrorCode.INVALID_REQUEST),
        (f"group:{TOPIC_ID[:-1]}:0", ErrorCode.INVALID_REQUEST),
        (f"group:{TOPIC_ID[:-2]}+/:0", ErrorCode.INVALID_REQUEST),
        ("group::0", ErrorCode.INVALID_REQUEST),
    ],
)
def test_keys_of_share_groups(broker: FakeBroker, key: str, error: ErrorCode) -> None:
    request = FindCoordinatorRequest(coordinator_keys=[key], key_type=2)
    (found,) = broker.ask(request, 6).coordinators
    assert (found.key, found.error_code, found.error_message) == (key, error, "")
    # Before version 6 there are no share groups.
    (found,) = broker.ask(request, 5).coordinators
    assert found.error_code == ErrorCode.INVALID_REQUEST
