"""Errors are counted as Apache Kafka counts them.

``recorded_error_counts.txt`` has answers with errors wherever they can be, one a line: API key, version,
the answer without its header, and what ``AbstractResponse.errorCounts()`` of kafka-clients 4.3.1 gives.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages import messages, modules
from kafka_codecs.messages.api_29_describe_acls import DescribeAclsResponse
from kafka_codecs.messages.api_31_delete_acls import (
    DeleteAclsFilterResult,
    DeleteAclsMatchingAcl,
    DeleteAclsResponse,
)
from kafkashim.http_api.error_counts import error_counts

ROWS = (Path(__file__).parent / "recorded_error_counts.txt").read_text().splitlines()
# Those Java does not read back with all their fields empty.
BY_HAND = {29, 31}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "{}-{}".format(*row.split()))
def test_recorded(row: str) -> None:
    key, version, data, *counts = row.split()
    response = messages(int(key))[1].decode(memoryview(bytes.fromhex(data)), int(version))
    expected = dict(count.split("=") for count in counts)
    found = error_counts(response, int(version))  # type: ignore[arg-type]
    assert {name: str(count) for name, count in found.items()} == expected


def test_every_api_is_there() -> None:
    assert {int(row.split()[0]) for row in ROWS} == set(modules()) - BY_HAND


def test_acls() -> None:
    assert error_counts(DescribeAclsResponse(error_code=int(ErrorCode.SECURITY_DISABLED)), 3) == {
        "SECURITY_DISABLED": 1
    }
    bad = DeleteAclsMatchingAcl(error_code=int(ErrorCode.INVALID_REQUEST))
    results = [DeleteAclsFilterResult(matching_acls=[bad]), DeleteAclsFilterResult()]
    assert error_counts(DeleteAclsResponse(filter_results=results), 3) == {"NONE": 2}


def test_an_error_nobody_knows() -> None:
    assert error_counts(DescribeAclsResponse(error_code=12345), 3) == {"UNKNOWN_SERVER_ERROR": 1}
