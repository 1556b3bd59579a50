"""Requests that are well formed and that Kafka refuses to read all the same."""

from __future__ import annotations

import logging

from kafkashim.apis import RequestContext

log = logging.getLogger("kafkashim.connection")


def close_unreadable(context: RequestContext, api: str) -> None:
    """Close the connection of an ACL request in which something has the code of UNKNOWN.

    The constructors of the requests throw then, as for a malformed one (``DescribeAclsRequest``).
    """
    log.warning("Closing connection %s: %s of UNKNOWN", context.connection.peer_host, api)
    context.connection.close()
