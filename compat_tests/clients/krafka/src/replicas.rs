//! Leaders, replicas and their folders; producers and their transactions.

use std::time::Duration;

use krafka::admin::{
    AbortTransactionOptions, AlterPartitionReassignmentsOptions, DescribeLogDirsOptions,
    ElectionType, ListPartitionReassignmentsOptions, ListTransactionsOptions,
    TopicPartitionReplica,
};
use serde_json::{Value, json};

use crate::admin::{Guide, NO_SUCH_NODE, NODE, PARTITIONS};
use crate::tour::{by_name, by_partition, done, only, told};

impl Guide {
    pub async fn replicas(&mut self) {
        let unknown = vec![self.partition(0), self.partition(99)];
        for (name, election, partitions) in [
            (
                "elect preferred leaders",
                ElectionType::Preferred,
                self.partitions(),
            ),
            (
                "elect any leaders",
                ElectionType::Unclean,
                self.partitions(),
            ),
            (
                "elect leaders of an unknown partition",
                ElectionType::Preferred,
                unknown,
            ),
        ] {
            let elected = self
                .admin
                .elect_leaders(election, Some(partitions), Default::default())
                .await;
            self.tour.step(name, by_partition(elected, done));
        }
        let elected = self
            .admin
            .elect_leaders(ElectionType::Preferred, None, Default::default())
            .await;
        self.tour.step(
            "elect all leaders",
            elected.map(|elected| json!(elected.values().filter(|one| one.is_err()).count())),
        );
        let to = |number, nodes: Option<Vec<i32>>| (self.partition(number), nodes);
        let keep = || AlterPartitionReassignmentsOptions::default();
        let mut altered = Vec::new();
        for (name, target, options) in [
            ("reassign", to(0, Some(vec![NODE])), keep()),
            (
                "reassign to an unknown node",
                to(0, Some(vec![NO_SUCH_NODE])),
                keep(),
            ),
            (
                "reassign to more nodes",
                to(0, Some(vec![NODE, NO_SUCH_NODE])),
                keep().allow_replication_factor_change(false),
            ),
            (
                "reassign an unknown partition",
                to(99, Some(vec![NODE])),
                keep(),
            ),
            ("cancel a reassignment", to(0, None), keep()),
        ] {
            let answer = self
                .admin
                .alter_partition_reassignments([target], options)
                .await;
            altered.push((name, by_partition(answer, done)));
        }
        for (name, outcome) in altered {
            self.tour.step(name, outcome);
        }
        let options = ListPartitionReassignmentsOptions::default();
        for (name, options) in [
            ("list reassignments", options.clone()),
            (
                "list reassignments of a topic",
                options.partitions(self.partitions()),
            ),
        ] {
            let listed = self.admin.list_partition_reassignments(options).await;
            self.tour
                .step(name, listed.map(|listed| json!(listed.len())));
        }
    }

    pub async fn log_dirs(&mut self) {
        // Not of the last one, all of whose records were deleted: when their bytes go is the broker's choice.
        let kept = (0..PARTITIONS - 1).map(|number| self.partition(number));
        let options = DescribeLogDirsOptions::default().partitions(kept.collect());
        let found = only(self.admin.describe_log_dirs([NODE], options).await);
        let folder = found
            .as_ref()
            .ok()
            .and_then(|dirs| dirs.keys().next().cloned());
        let dirs = found.map(|dirs| {
            let dirs = dirs.into_values().map(|dir| {
                told(dir.map(|dir| {
                    let mut replicas: Vec<_> = dir
                        .replicas
                        .into_iter()
                        .map(|(of, one)| (of.partition, one.size, one.offset_lag, one.is_future))
                        .collect();
                    replicas.sort();
                    json!({
                        "replicas": replicas,
                        "sizes": [dir.total_bytes.is_some(), dir.usable_bytes.is_some()],
                        "cordoned": dir.is_cordoned,
                    })
                }))
            });
            json!(dirs.collect::<Vec<_>>())
        });
        self.tour.step("describe log dirs", dirs);
        let folder = folder.unwrap_or_default();
        for (name, number, folder) in [
            ("move a replica to where it is", 0, folder.clone()),
            ("move a replica nowhere", 0, "/no/such/folder".to_string()),
            ("move an unknown replica", 99, folder),
        ] {
            let replica = TopicPartitionReplica::new(&self.topic, number, NODE);
            let moved = self
                .admin
                .alter_replica_log_dirs([(replica, folder)], Default::default())
                .await;
            self.tour.step(name, only(moved).map(done));
        }
    }

    pub async fn transactions(&mut self) {
        let asked = [self.partition(1), self.partition(99)];
        let found = self
            .admin
            .describe_producers(asked, Default::default())
            .await;
        self.tour.step(
            "describe producers",
            by_partition(found, |found| {
                let states = found.iter().map(|one| {
                    json!([
                        one.producer_epoch,
                        one.last_sequence,
                        one.last_timestamp,
                        one.coordinator_epoch,
                        one.current_transaction_start_offset,
                    ])
                });
                json!(states.collect::<Vec<_>>())
            }),
        );
        let options = ListTransactionsOptions::default();
        for (name, options) in [
            ("list transactions", options.clone()),
            (
                "list transactions in an unknown state",
                options.clone().states(vec!["no such".to_string()]),
            ),
            (
                "list transactions of a producer",
                options.clone().producer_ids(vec![1 << 60]),
            ),
            (
                "list long transactions",
                options.clone().min_duration(Duration::from_secs(60)),
            ),
            (
                "list transactions by a pattern",
                options
                    .clone()
                    .transactional_id_pattern("no.*such".to_string()),
            ),
            (
                "list transactions by a wrong pattern",
                options.transactional_id_pattern("(".to_string()),
            ),
        ] {
            let listed = only(self.admin.list_transactions(options).await);
            self.tour.step(
                name,
                listed.map(|listed| {
                    // Another one is there that Apache Kafka was asked about when it was started.
                    let listed = listed.iter().map(|one| &one.transactional_id);
                    json!(listed.filter(|id| id.starts_with(&self.group)).count())
                }),
            );
        }
        // None is there: the library wants EndTxn before it makes a transactional producer.
        let unknown = format!("{}-unknown", self.group);
        let found = self
            .admin
            .describe_transactions([&unknown], Default::default())
            .await;
        self.tour.step(
            "describe transactions",
            by_name(found, |found| json!(found.state)),
        );
        let options = AbortTransactionOptions::default();
        let aborted = self.admin.abort_transaction(unknown, options).await;
        self.tour
            .step("abort an unknown transaction", by_partition(aborted, done));
    }

    pub async fn deletions(&mut self) {
        for name in ["delete topics", "delete topics again"] {
            let ends = ["", "-defaults", "-placed"];
            let topics = ends.map(|end| format!("{}{end}", self.topic));
            let deleted = self.admin.delete_topics(topics, Default::default()).await;
            self.tour.step(name, by_name(deleted, done));
        }
        let Self {
            tour, admin, topic, ..
        } = self;
        tour.until(
            "describe a deleted topic",
            |found: &Value| found[&*topic].is_string(),
            async || {
                let found = admin.describe_topics([&*topic], Default::default()).await;
                by_name(found, |found| json!(found.partitions.len()))
            },
        )
        .await;
    }
}
