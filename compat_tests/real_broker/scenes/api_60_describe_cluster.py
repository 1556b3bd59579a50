"""DescribeCluster: who belongs to the cluster, and who asks."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_60_describe_cluster import DescribeClusterRequest


@scene(DescribeClusterRequest)
def cluster(c: Conversation, version: int) -> None:
    c.ask("plain", DescribeClusterRequest(), version)
    request = DescribeClusterRequest(include_cluster_authorized_operations=True)
    c.ask("with operations", request, version)
    if version >= 1:
        for kind in (1, 2, 0, 3, -1):
            c.ask(f"endpoints {kind}", DescribeClusterRequest(endpoint_type=kind), version)
    if version >= 2:
        request = DescribeClusterRequest(include_fenced_brokers=True)
        c.ask("with fenced brokers", request, version)
        request = DescribeClusterRequest(include_fenced_brokers=True, endpoint_type=2)
        c.ask("fenced controllers", request, version)
