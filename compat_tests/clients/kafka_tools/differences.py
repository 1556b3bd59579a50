"""The steps whose outcome differs from Apache Kafka's, and the reason for each.

A step listed here that turns out equal fails the test.
"""

from __future__ import annotations

_SHARE = "share groups are not there"
_STREAMS = "streams groups are not there"
_TRANSACTIONS = "transactions are not there"

DIFFERENCES: dict[str, str] = {
    "describe an unknown share group": _SHARE,
    "describe a group of the other kind": _SHARE,
    "describe an unknown streams group": _STREAMS,
    "describe the configs of all topics": "there are no topics of the broker's own",
    "unregister an unknown broker": "there is one broker, and UnregisterBroker is not offered",
    "versions of APIs": "not all APIs are offered",
    "describe delegation tokens": "delegation tokens are not there",
    "measure a transactional producer": _TRANSACTIONS,
    "list transactions that were": _TRANSACTIONS,
    "describe a transaction": _TRANSACTIONS,
}
