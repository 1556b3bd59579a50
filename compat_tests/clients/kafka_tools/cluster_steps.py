"""What the tools are asked of the cluster, its replicas, transactions and ACLs."""

from __future__ import annotations

import json

from compat_tests.clients.kafka_tools.toolbox import Step

_ASSIGNED = [{"topic": "assigned", "partition": 0, "replicas": [1]}]
_ELSEWHERE = [{"topic": "assigned", "partition": 0, "replicas": [9]}]
_REASSIGN = "kafka-reassign-partitions $AT"

CLUSTER = (
    Step("cluster id", "kafka-cluster cluster-id $AT"),
    Step("endpoints", "kafka-cluster list-endpoints $AT"),
    Step(
        "endpoints of fenced brokers too",
        "kafka-cluster list-endpoints $AT --include-fenced-brokers",
    ),
    Step("unregister an unknown broker", "kafka-cluster unregister $AT --id 99"),
    Step("versions of APIs", "kafka-broker-api-versions $AT"),
    Step("describe the quorum's state", "kafka-metadata-quorum $AT describe --status"),
    Step("describe the quorum's replication", "kafka-metadata-quorum $AT describe --replication"),
    Step("describe features", "kafka-features $AT describe"),
    Step(
        "try to downgrade a feature",
        "kafka-features $AT downgrade --feature group.version=0 --dry-run",
    ),
    Step("disable an unknown feature", "kafka-features $AT disable --feature no.such.feature"),
    Step("describe log directories", "kafka-log-dirs $AT --describe --topic-list orders,unknown"),
    Step(
        "describe the log directories of a broker",
        "kafka-log-dirs $AT --describe --broker-list 1 --topic-list assigned",
    ),
    Step(
        "describe the log directories of no broker", "kafka-log-dirs $AT --describe --broker-list 9"
    ),
    Step(
        "elect preferred leaders",
        "kafka-leader-election $AT --election-type preferred --all-topic-partitions",
    ),
    Step(
        "elect the preferred leader of a partition",
        "kafka-leader-election $AT --election-type preferred --topic orders --partition 1",
    ),
    Step(
        "elect an unclean leader",
        "kafka-leader-election $AT --election-type unclean --topic orders --partition 1",
    ),
    Step(
        "elect leaders from a file",
        "kafka-leader-election $AT --election-type preferred --path-to-json-file $FOLDER/elect.json",
        files={"elect.json": json.dumps({"partitions": [{"topic": "orders", "partition": 0}]})},
    ),
    Step(
        "elect the leader of an unknown partition",
        "kafka-leader-election $AT --election-type preferred --topic unknown --partition 0",
    ),
    Step(
        "generate a reassignment",
        f"{_REASSIGN} --generate --broker-list 1 --topics-to-move-json-file $FOLDER/move.json",
        files={"move.json": json.dumps({"topics": [{"topic": "assigned"}], "version": 1})},
    ),
    Step(
        "reassign partitions",
        f"{_REASSIGN} --execute --reassignment-json-file $FOLDER/assign.json",
        files={"assign.json": json.dumps({"partitions": _ASSIGNED, "version": 1})},
    ),
    Step(
        "verify a reassignment",
        f"{_REASSIGN} --verify --reassignment-json-file $FOLDER/assign.json",
    ),
    Step(
        "reassign partitions with a throttle",
        f"{_REASSIGN} --execute --throttle 1000000 --reassignment-json-file $FOLDER/assign.json",
    ),
    Step(
        "verify a throttled reassignment",
        f"{_REASSIGN} --verify --reassignment-json-file $FOLDER/assign.json",
    ),
    Step("list reassignments", f"{_REASSIGN} --list"),
    Step(
        "cancel a reassignment that is done",
        f"{_REASSIGN} --cancel --reassignment-json-file $FOLDER/assign.json",
    ),
    Step(
        "reassign partitions to no broker",
        f"{_REASSIGN} --execute --reassignment-json-file $FOLDER/elsewhere.json",
        files={"elsewhere.json": json.dumps({"partitions": _ELSEWHERE, "version": 1})},
    ),
    Step("list transactions", "kafka-transactions $AT list"),
    Step(
        "list transactions that run long",
        "kafka-transactions $AT list --duration-filter 60000 --transactional-id-pattern 'a.*'",
    ),
    Step(
        "describe producers",
        "kafka-transactions $AT describe-producers --topic orders --partition 1",
    ),
    Step(
        "describe an unknown transaction",
        "kafka-transactions $AT describe --transactional-id unknown",
    ),
    Step("find hanging transactions", "kafka-transactions $AT find-hanging --broker-id 1"),
    Step("list ACLs without an authorizer", "kafka-acls $AT --list"),
    Step(
        "describe delegation tokens",
        "kafka-delegation-tokens $AT --describe --command-config $FOLDER/empty",
        files={"empty": ""},
    ),
)

# What a transaction leaves behind is not looked at by others.
TRANSACTIONS = (
    Step(
        "measure a transactional producer",
        "kafka-producer-perf-test $AT --topic measured.sums --num-records 100 --record-size 100"
        " --throughput -1 --transactional-id measured --transaction-duration-ms 1000"
        " --command-property max.block.ms=2000",
    ),
    Step("list transactions that were", "kafka-transactions $AT list"),
    Step("describe a transaction", "kafka-transactions $AT describe --transactional-id measured"),
)


def _acls(name: str, words: str) -> Step:
    return Step(name, f"kafka-acls $AT {words}", authorizer=True)


ACLS = (
    _acls(
        "add an ACL",
        "--add --allow-principal User:alice --operation Read --operation Describe --topic orders",
    ),
    _acls(
        "add an ACL that denies, with a host",
        "--add --deny-principal User:mallory --deny-host 10.0.0.1 --operation All"
        " --topic orders --resource-pattern-type prefixed",
    ),
    _acls(
        "add the ACLs of a producer",
        "--add --allow-principal User:alice --producer --topic orders --transactional-id sums"
        " --idempotent",
    ),
    _acls(
        "add the ACLs of a consumer",
        "--add --allow-principal User:bob --consumer --topic orders --group readers",
    ),
    _acls(
        "add an ACL of the cluster", "--add --allow-principal User:bob --operation Alter --cluster"
    ),
    _acls(
        "add an ACL of a delegation token",
        "--add --allow-principal User:bob --operation Describe --delegation-token token",
    ),
    _acls(
        "add an ACL of a user",
        "--add --allow-principal User:bob --operation CreateTokens --user-principal User:carol",
    ),
    _acls("list ACLs", "--list"),
    _acls("list ACLs of a topic", "--list --topic orders"),
    _acls(
        "list ACLs that match a topic",
        "--list --topic orders.returned --resource-pattern-type match",
    ),
    _acls("list ACLs of a principal", "--list --principal User:alice"),
    _acls(
        "remove an ACL",
        "--remove --force --allow-principal User:alice --operation Read --topic orders",
    ),
    _acls(
        "remove the ACLs of a prefix",
        "--remove --force --topic orders --resource-pattern-type prefixed",
    ),
    _acls("remove ACLs of an unknown topic", "--remove --force --topic unknown"),
    _acls("list the ACLs that are left", "--list"),
)
