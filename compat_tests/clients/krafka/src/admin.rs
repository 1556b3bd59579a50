//! A walk through all that the admin client can do; its steps build on each other.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use krafka::admin::{
    AdminClient, CreatePartitionsOptions, CreateTopicsOptions, DescribeClusterOptions,
    DescribeFeaturesOptions, FeatureUpdateKey, ListOffsetsOptions, NewTopic, OffsetSpec,
    UpdateFeaturesOptions,
};
use krafka::consumer::TopicPartition;
use krafka::{Kafka, Record, Result};
use serde_json::{Map, Value, json};

use crate::tour::{Tour, by_name, by_partition, done};

pub const NODE: i32 = 1;
pub const NO_SUCH_NODE: i32 = 99;
pub const PARTITIONS: i32 = 4;
/// The time of the first record; a millisecond lies between two.
const FIRST: i64 = 1_700_000_000_000;

pub struct Guide {
    pub tour: Tour,
    pub kafka: Kafka,
    pub admin: AdminClient,
    pub bootstrap: String,
    pub topic: String,
    pub group: String,
}

pub async fn walk(bootstrap: &str, topic: &str, group: &str) -> Result<Map<String, Value>> {
    let kafka = crate::connect(bootstrap).await?;
    let mut guide = Guide {
        tour: Tour::default(),
        admin: kafka.admin(),
        kafka,
        bootstrap: bootstrap.to_string(),
        topic: topic.to_string(),
        group: group.to_string(),
    };
    guide.cluster().await;
    guide.topics().await;
    guide.records().await?;
    guide.configs().await;
    guide.offsets().await;
    guide.groups().await?;
    guide.other_groups().await;
    guide.replicas().await;
    guide.log_dirs().await;
    guide.quotas().await;
    guide.scram().await;
    guide.acls().await;
    guide.tokens().await;
    guide.transactions().await;
    guide.deletions().await;
    guide.admin.close().await?;
    Ok(guide.tour.steps)
}

impl Guide {
    pub fn partition(&self, number: i32) -> TopicPartition {
        TopicPartition::new(&self.topic, number)
    }

    pub fn partitions(&self) -> Vec<TopicPartition> {
        (0..PARTITIONS)
            .map(|number| self.partition(number))
            .collect()
    }

    async fn cluster(&mut self) {
        for allowed in [false, true] {
            let options = DescribeClusterOptions::default().include_authorized_operations(allowed);
            let found = self.admin.describe_cluster(options).await;
            self.tour.step(
                ["describe cluster", "describe cluster and what is allowed"][usize::from(allowed)],
                found.map(|cluster| {
                    let brokers = cluster.brokers.iter();
                    json!({
                        "controller": cluster.controller_id,
                        "brokers": brokers.map(|one| json!([one.id, one.host, one.rack, one.is_fenced])).collect::<Vec<_>>(),
                        "allowed": cluster.authorized_operations,
                    })
                }),
            );
        }
        for (name, options) in [
            ("describe features", DescribeFeaturesOptions::default()),
            (
                "describe features of a node",
                DescribeFeaturesOptions::default().node_id(NODE),
            ),
        ] {
            let found = self.admin.describe_features(options).await;
            self.tour.step(
                name,
                found.map(|features| {
                    let supported: BTreeMap<_, _> = features
                        .supported
                        .into_iter()
                        .map(|one| (one.name, [one.min_version, one.max_version]))
                        .collect();
                    let finalized: BTreeMap<_, _> = features
                        .finalized
                        .into_iter()
                        .map(|one| (one.name, [one.min_version_level, one.max_version_level]))
                        .collect();
                    json!({"supported": supported, "finalized": finalized})
                }),
            );
        }
        for (name, update) in [
            (
                "validate an upgrade",
                FeatureUpdateKey::upgrade("group.version", 1),
            ),
            (
                "validate an unknown feature",
                FeatureUpdateKey::upgrade("no.such.feature", 1),
            ),
            (
                "validate too high a feature",
                FeatureUpdateKey::upgrade("group.version", 99),
            ),
            (
                "validate an unsafe downgrade",
                FeatureUpdateKey::unsafe_downgrade("metadata.version", 1),
            ),
        ] {
            let options = UpdateFeaturesOptions::default().validate_only(true);
            let updated = self.admin.update_features(vec![update], options).await;
            self.tour.step(name, by_name(updated, done));
        }
        let quorum = self
            .admin
            .describe_metadata_quorum(Default::default())
            .await;
        self.tour.step(
            "describe quorum",
            quorum.map(|quorum| {
                let voters = quorum.voters.iter().map(|one| one.replica_id);
                json!({
                    "leader": quorum.leader_id,
                    "voters": voters.collect::<Vec<_>>(),
                    "observers": quorum.observers.len(),
                    "nodes": quorum.nodes.iter().map(|one| one.node_id).collect::<Vec<_>>(),
                })
            }),
        );
        let reporting = self.kafka.admin().metrics_push(true);
        let id = reporting.client_instance_id(Duration::from_secs(10)).await;
        self.tour.step(
            "client instance id",
            id.map(|id| json!(if id.is_some() { "some" } else { "none" })),
        );
    }

    async fn topics(&mut self) {
        let topic = self.topic.clone();
        let other = |end: &str| format!("{topic}-{end}");
        let placed = HashMap::from([(0, vec![NODE]), (1, vec![NODE])]);
        let misplaced = HashMap::from([(0, vec![NO_SUCH_NODE])]);
        for (name, wanted, validate) in [
            ("validate topic", NewTopic::new(&topic, 2, 1), true),
            (
                "create topic",
                NewTopic::new(&topic, 2, 1).map(|new| new.with_config("segment.ms", "3600000")),
                false,
            ),
            ("create topic again", NewTopic::new(&topic, 2, 1), false),
            (
                "create topic with defaults",
                NewTopic::new(other("defaults"), -1, -1),
                false,
            ),
            (
                "create topic with a wrong config",
                NewTopic::new(other("wrong"), 2, 1)
                    .map(|new| new.with_config("segment.ms", "never")),
                false,
            ),
            (
                "create topic with an unknown config",
                NewTopic::new(other("wrong"), 2, 1).map(|new| new.with_config("no.such", "1")),
                false,
            ),
            (
                "create topic with too many replicas",
                NewTopic::new(other("wrong"), 2, 3),
                false,
            ),
            (
                "create topic with a wrong name",
                NewTopic::new(other("?"), 2, 1),
                false,
            ),
            (
                "create topic in its place",
                NewTopic::with_replica_assignment(other("placed"), placed),
                false,
            ),
            (
                "create topic in no place",
                NewTopic::with_replica_assignment(other("wrong"), misplaced),
                false,
            ),
        ] {
            let options = CreateTopicsOptions::default().validate_only(validate);
            let created = match wanted {
                Ok(wanted) => self.admin.create_topics([wanted], options).await,
                Err(error) => Err(error),
            };
            self.tour.step(name, by_name(created, done));
        }
        for (name, count, validate) in [
            ("validate partitions", 4, true),
            ("create partitions", 4, false),
            ("create fewer partitions", 3, false),
            ("create as many partitions", 4, false),
        ] {
            let options = CreatePartitionsOptions::default().validate_only(validate);
            let created = self
                .admin
                .create_partitions([(&topic, count)], options)
                .await;
            self.tour.step(name, by_name(created, done));
        }
        let Self { tour, admin, .. } = self;
        tour.until(
            "list topics",
            |found| found.as_array().is_some_and(|all| all.len() == 3),
            async || {
                let mut names = admin.list_topics(Default::default()).await?;
                names.retain(|name| name.starts_with(&topic));
                Ok(json!(names))
            },
        )
        .await;
        let unknown = other("unknown");
        tour.until(
            "describe topics",
            |found| {
                found[&topic]["partitions"]
                    .as_array()
                    .is_some_and(|all| all.len() == PARTITIONS as usize)
            },
            async || {
                let names = [&topic, &unknown];
                let found = admin.describe_topics(names, Default::default()).await;
                by_name(found, |topic| {
                    let partitions = topic.partitions.iter().map(|one| {
                        json!([
                            one.partition,
                            one.leader,
                            one.leader_epoch,
                            one.replicas,
                            one.isr,
                            one.offline_replicas,
                            one.eligible_leader_replicas,
                            one.last_known_elr,
                        ])
                    });
                    json!({
                        "id": topic.topic_id != [0; 16],
                        "internal": topic.is_internal,
                        "allowed": topic.authorized_operations,
                        "partitions": partitions.collect::<Vec<_>>(),
                    })
                })
            },
        )
        .await;
    }

    async fn records(&mut self) -> Result<()> {
        let producer = self.kafka.producer().build().await?;
        let mut handles = Vec::new();
        for number in 0..40 {
            let record = Record::new(&self.topic, number.to_string())
                .partition(number % PARTITIONS)
                .timestamp(FIRST + i64::from(number));
            handles.push(producer.enqueue(record).await?);
        }
        let mut last = None;
        for handle in handles {
            last = Some(handle.await);
        }
        let last = last.transpose();
        self.tour.step(
            "produce",
            last.map(|last| json!(last.map(|sent| (sent.partition, sent.offset)))),
        );
        // Its state on the partitions is asked for below.
        producer.close().await?;
        let before = [(0, 3), (1, 99), (2, 0), (3, -1)];
        let before = before.map(|(number, offset)| (self.partition(number), offset));
        let deleted = self.admin.delete_records(before, Default::default()).await;
        self.tour
            .step("delete records", by_partition(deleted, |low| json!(low)));
        for (name, spec, committed) in [
            ("start offsets", OffsetSpec::Earliest, false),
            ("end offsets", OffsetSpec::Latest, false),
            ("committed offsets", OffsetSpec::Latest, true),
            (
                "offsets after a time",
                OffsetSpec::Timestamp(FIRST + 20),
                false,
            ),
            (
                "offsets after the last time",
                OffsetSpec::Timestamp(FIRST + 99),
                false,
            ),
            ("offsets of newest records", OffsetSpec::MaxTimestamp, false),
            ("local start offsets", OffsetSpec::EarliestLocal, false),
            ("offsets in remote storage", OffsetSpec::LatestTiered, false),
            (
                "offsets to be tiered",
                OffsetSpec::EarliestPendingUpload,
                false,
            ),
        ] {
            // What no offset answers it asks again until its time is over.
            let options = ListOffsetsOptions::default()
                .read_committed(committed)
                .timeout(Duration::from_secs(1));
            let specs = self.partitions().into_iter().map(|of| (of, spec));
            let found = self.admin.list_offsets(specs, options).await;
            self.tour.step(
                name,
                by_partition(found, |found| {
                    json!([found.offset, found.timestamp, found.leader_epoch])
                }),
            );
        }
        let epochs = [(1, 0), (2, 5), (3, -1)];
        let epochs = epochs.map(|(number, epoch)| (self.partition(number), epoch));
        let ends = self
            .admin
            .offset_for_leader_epoch(epochs, Default::default())
            .await;
        self.tour.step(
            "offsets of leader epochs",
            by_partition(ends, |end| json!([end.leader_epoch, end.end_offset])),
        );
        Ok(())
    }
}
