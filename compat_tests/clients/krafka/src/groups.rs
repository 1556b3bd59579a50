//! Committed offsets, and groups of all kinds.

use std::time::{Duration, Instant};

use krafka::Result;
use krafka::admin::{
    ConsumerGroupLagOptions, ConsumerGroupMember, DescribeConsumerGroupsOptions,
    DescribeShareGroupOffsetsOptions, DescribeStreamsGroupsOptions,
    ListConsumerGroupOffsetsOptions, ListConsumerGroupsOptions,
};
use serde_json::{Value, json};

use crate::Member;
use crate::admin::{Guide, PARTITIONS};
use crate::tour::{by_name, by_partition, done, only};

impl Guide {
    pub async fn offsets(&mut self) {
        let (group, unknown) = (self.group.clone(), format!("{}-unknown", self.group));
        let wanted = self.partitions().into_iter().map(|of| (of, 5));
        let committed = self
            .admin
            .alter_consumer_group_offsets(&group, wanted, Default::default())
            .await;
        self.tour
            .step("commit offsets", by_partition(committed, done));
        let nowhere = [(self.partition(99), 5)];
        let committed = self
            .admin
            .alter_consumer_group_offsets(&group, nowhere, Default::default())
            .await;
        self.tour.step(
            "commit offsets of an unknown partition",
            by_partition(committed, done),
        );
        let some = || ListConsumerGroupOffsetsOptions::default();
        let asked = vec![self.partition(1), self.partition(99)];
        for (name, group, options) in [
            ("fetch offsets", &group, some()),
            ("fetch stable offsets", &group, some().require_stable(true)),
            (
                "fetch offsets of some partitions",
                &group,
                some().partitions(asked),
            ),
            ("fetch offsets of an unknown group", &unknown, some()),
        ] {
            let found = self.admin.list_consumer_group_offsets(group, options).await;
            self.tour.step(
                name,
                by_partition(found, |found| {
                    json!([found.offset, found.leader_epoch, found.metadata])
                }),
            );
        }
        let options = ConsumerGroupLagOptions::default();
        let lag = self.admin.consumer_group_lag(&group, options).await;
        self.tour.step(
            "lag",
            by_partition(lag, |found| {
                json!([found.committed_offset, found.end_offset, found.lag])
            }),
        );
        for (name, group, number) in [
            ("delete offsets", &group, 3),
            ("delete offsets of an unknown partition", &group, 99),
            ("delete offsets of an unknown group", &unknown, 3),
        ] {
            let deleted = self
                .admin
                .delete_consumer_group_offsets(group, [self.partition(number)], Default::default())
                .await;
            self.tour.step(name, by_partition(deleted, done));
        }
        let found = self.admin.list_consumer_group_offsets(&group, some()).await;
        self.tour.step(
            "fetch offsets that are left",
            by_partition(found, |found| json!(found.offset)),
        );
        let metadata = self.described(&group).await;
        self.tour.step("describe a group without members", metadata);
        for name in ["delete group", "delete group again"] {
            let deleted = self
                .admin
                .delete_consumer_groups([&group], Default::default())
                .await;
            self.tour.step(name, by_name(deleted, done));
        }
        let found = self.described(&group).await;
        self.tour.step("describe an unknown group", found);
    }

    pub async fn groups(&mut self) -> Result<()> {
        for protocol in ["classic", "consumer"] {
            let group = format!("{}-{protocol}", self.group);
            let member = Member::join(&self.bootstrap, &group, &self.topic, protocol).await?;
            let end = Instant::now() + Duration::from_secs(15);
            while member.assigned().await.len() < PARTITIONS as usize && Instant::now() < end {
                member.poll(Duration::from_millis(50)).await?;
            }
            let named = |name: &str| format!("{name}, {protocol}");
            self.tour
                .step(named("join a group"), Ok(json!(member.assigned().await)));
            let committed = member.commit().await;
            self.tour
                .step(named("commit"), committed.map(|committed| json!(committed)));
            let found = self.described(&group).await;
            self.tour.step(named("describe groups"), found);
            for (name, states, types) in [
                ("list groups", vec![], vec![]),
                ("list stable groups", vec!["Stable"], vec![]),
                ("list empty groups", vec!["Empty"], vec![]),
                ("list classic groups", vec![], vec!["classic"]),
                ("list consumer groups", vec![], vec!["consumer"]),
                ("list unknown groups", vec!["no such"], vec!["no such"]),
            ] {
                let strings = |all: Vec<&str>| all.into_iter().map(String::from).collect();
                let options = ListConsumerGroupsOptions::default()
                    .states(strings(states))
                    .types(strings(types));
                let listed = self.admin.list_consumer_groups(options).await;
                self.tour.step(
                    named(name),
                    only(listed).map(|listed| {
                        let mut listed: Vec<_> = listed
                            .into_iter()
                            .filter(|one| one.group_id.starts_with(&self.group))
                            .map(|one| {
                                let kind = one.group_type.map(|kind| format!("{kind:?}"));
                                (one.group_id, one.protocol_type, one.state, kind)
                            })
                            .collect();
                        listed.sort();
                        json!(listed)
                    }),
                );
            }
            let committed = self
                .admin
                .alter_consumer_group_offsets(&group, [(self.partition(1), 2)], Default::default())
                .await;
            self.tour.step(
                named("commit offsets beside members"),
                by_partition(committed, done),
            );
            let deleted = self
                .admin
                .delete_consumer_group_offsets(&group, [self.partition(1)], Default::default())
                .await;
            self.tour.step(
                named("delete offsets beside members"),
                by_partition(deleted, done),
            );
            let deleted = self
                .admin
                .delete_consumer_groups([&group], Default::default())
                .await;
            self.tour
                .step(named("delete a group with members"), by_name(deleted, done));
            member.consumer.close().await?;
            let found = self.described(&group).await;
            self.tour
                .step(named("describe a group that was left"), found);
            let deleted = self
                .admin
                .delete_consumer_groups([&group], Default::default())
                .await;
            self.tour.step(
                named("delete a group that was left"),
                by_name(deleted, done),
            );
        }
        Ok(())
    }

    async fn described(&self, group: &str) -> Result<Value> {
        let options = DescribeConsumerGroupsOptions::default().include_authorized_operations(true);
        let found = only(self.admin.describe_consumer_groups([group], options).await)?;
        let epoch = found.group_epoch;
        let member = |one: &ConsumerGroupMember| {
            let assigned = |assigned: &Option<Vec<_>>| {
                assigned.as_ref().map(|all: &Vec<_>| {
                    all.iter()
                        .map(|one: &krafka::admin::TopicPartitionAssignment| {
                            json!([one.topic_id != [0; 16], one.topic_name, one.partitions])
                        })
                        .collect::<Vec<_>>()
                })
            };
            json!({
                "instance": one.instance_id,
                "rack": one.rack_id,
                "at the group's epoch": one.member_epoch == epoch,
                "client": one.client_id,
                "host": one.client_host,
                "topics": one.subscribed_topic_names,
                "regex": one.subscribed_topic_regex,
                "assigned": assigned(&one.assignment),
                "to be assigned": assigned(&one.target_assignment),
                "type": one.member_type,
            })
        };
        Ok(json!({
            "type": format!("{:?}", found.group_type),
            "state": found.state,
            "protocol type": found.protocol_type,
            "assignor": found.assignor,
            "assigned at the group's epoch": found.assignment_epoch == epoch,
            "members": found.members.iter().map(member).collect::<Vec<_>>(),
            "allowed": found.authorized_operations,
        }))
    }

    /// Groups of the other kinds, none of which is there.
    pub async fn other_groups(&mut self) {
        let group = format!("{}-share", self.group);
        let options = DescribeShareGroupOffsetsOptions::default().partitions(self.partitions());
        let found = self
            .admin
            .describe_share_group_offsets(&group, options)
            .await;
        self.tour.step(
            "describe share group offsets",
            by_partition(found, |found| {
                json!([found.start_offset, found.leader_epoch, found.lag])
            }),
        );
        let wanted = [(self.partition(0), 5)];
        let altered = self
            .admin
            .alter_share_group_offsets(&group, wanted, Default::default())
            .await;
        self.tour
            .step("alter share group offsets", by_partition(altered, done));
        let deleted = self
            .admin
            .delete_share_group_offsets(&group, [&self.topic], Default::default())
            .await;
        self.tour
            .step("delete share group offsets", by_name(deleted, done));
        let options = DescribeStreamsGroupsOptions::default();
        let found = self.admin.describe_streams_groups([&group], options).await;
        self.tour.step(
            "describe streams groups",
            by_name(found, |found| {
                json!([found.group_state, found.members.len()])
            }),
        );
    }
}
