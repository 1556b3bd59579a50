"""All that the tools are asked, in this order: each part goes on from where the one before ended."""

from __future__ import annotations

from compat_tests.clients.kafka_tools.cluster_steps import ACLS, CLUSTER, TRANSACTIONS
from compat_tests.clients.kafka_tools.config_steps import CONFIGS
from compat_tests.clients.kafka_tools.group_steps import GROUPS
from compat_tests.clients.kafka_tools.toolbox import Step
from compat_tests.clients.kafka_tools.topic_steps import (
    DELETE_RECORDS,
    DELETE_TOPICS,
    RECORDS,
    TOPICS,
)

STEPS: tuple[Step, ...] = (
    *TOPICS,
    *RECORDS,
    *DELETE_RECORDS,
    *GROUPS,
    *CONFIGS,
    *CLUSTER,
    *TRANSACTIONS,
    *DELETE_TOPICS,
    *ACLS,
)
