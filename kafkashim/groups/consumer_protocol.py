"""What there is for groups of the consumer protocol, put together when the first of them is asked for."""

from __future__ import annotations

from kafkashim.clock import Clock
from kafkashim.config import Config
from kafkashim.groups.classic_group import ClassicGroup
from kafkashim.groups.consumer_classic import ClassicInConsumerGroup
from kafkashim.groups.consumer_coordinator import ConsumerCoordinator
from kafkashim.groups.consumer_group import ConsumerGroup, Topics
from kafkashim.groups.consumer_migration import Migration
from kafkashim.groups.rebalance import Rebalancer
from kafkashim.groups.timers import Timers
from kafkashim.ids import IdSource


class ConsumerProtocol:
    """The groups, the members among them that speak the classic protocol, and the way to and fro."""

    def __init__(
        self,
        clock: Clock,
        config: Config,
        ids: IdSource,
        timers: Timers,
        rebalancer: Rebalancer,
        groups: dict[str, ClassicGroup | ConsumerGroup],
        topics: Topics,
    ) -> None:
        self.groups = ConsumerCoordinator(clock, config, ids, timers, groups, topics.by_name)
        migration = Migration(config, rebalancer, groups, self.groups, topics)
        self.groups.migration = migration
        self.classic = ClassicInConsumerGroup(config, ids, timers, self.groups, migration)
