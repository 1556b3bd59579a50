//! The configs of five kinds of resources.

use std::collections::BTreeMap;

use krafka::Result;
use krafka::admin::{
    AdminClient, ConfigOp, ConfigResource, ConfigResourceType, DescribeConfigsOptions,
    IncrementalAlterConfigsOptions,
};
use serde_json::{Value, json};

use crate::admin::{Guide, NODE};
use crate::tour::{done, only};

/// Where a broker lives and who it is in its cluster, which no two brokers have in common.
const PLACES: [&str; 7] = [
    "advertised.listeners",
    "controller.listener.names",
    "controller.quorum.voters",
    "inter.broker.listener.name",
    "listeners",
    "log.dirs",
    "process.roles",
];

impl Guide {
    pub async fn configs(&mut self) {
        let topic = ConfigResource::topic(&self.topic);
        let append = |name: &str, value: &str| ConfigOp::Append {
            name: name.into(),
            value: value.into(),
        };
        let subtract = |name: &str, value: &str| ConfigOp::Subtract {
            name: name.into(),
            value: value.into(),
        };
        let changes = vec![
            ConfigOp::set("max.message.bytes", "1048576"),
            append("cleanup.policy", "compact"),
            ConfigOp::delete("segment.ms"),
        ];
        let group = ConfigResource::group(&self.group);
        let metrics = ConfigResource::client_metrics(&self.group);
        let broker = ConfigResource::broker(NODE);
        let default = ConfigResource::broker_default();
        let unknown = ConfigResource::topic(format!("{}-unknown", self.topic));
        let loggers = ConfigResource::broker_logger(NODE);
        let set = |name: &str, value: &str| vec![ConfigOp::set(name, value)];
        for (name, resource, changes, validate) in [
            ("validate configs", &topic, changes.clone(), true),
            ("alter configs", &topic, changes, false),
            (
                "alter to a wrong value",
                &topic,
                set("segment.ms", "x"),
                false,
            ),
            (
                "alter an unknown config",
                &topic,
                set("no.such", "1"),
                false,
            ),
            (
                "append to what is no list",
                &topic,
                vec![append("segment.ms", "1")],
                false,
            ),
            (
                "alter an unknown topic",
                &unknown,
                set("segment.ms", "1"),
                false,
            ),
            (
                "alter group",
                &group,
                set("consumer.session.timeout.ms", "46000"),
                false,
            ),
            (
                "alter group too far",
                &group,
                set("consumer.session.timeout.ms", "1"),
                false,
            ),
            (
                "alter client metrics",
                &metrics,
                set("interval.ms", "60000"),
                false,
            ),
            (
                "alter broker",
                &broker,
                set("log.cleaner.threads", "2"),
                false,
            ),
            (
                "alter broker, read-only",
                &broker,
                set("num.partitions", "2"),
                false,
            ),
            (
                "alter all brokers",
                &default,
                set("message.max.bytes", "1048500"),
                false,
            ),
            (
                "alter an unknown logger",
                &loggers,
                set("no.such.logger", "DEBUG"),
                true,
            ),
        ] {
            let options = IncrementalAlterConfigsOptions::default().validate_only(validate);
            let altered = self
                .admin
                .incremental_alter_configs([(resource.clone(), changes)], options)
                .await;
            self.tour.step(name, only(altered).map(done));
        }
        let Self { tour, admin, .. } = self;
        for (name, resource, waited_for) in [
            ("describe configs", &topic, "max.message.bytes"),
            ("describe group", &group, "consumer.session.timeout.ms"),
            ("describe client metrics", &metrics, "interval.ms"),
            ("describe broker", &broker, "log.cleaner.threads"),
            ("describe all brokers", &default, "message.max.bytes"),
        ] {
            tour.until(
                name,
                |found| found[waited_for][1].as_i64().is_some_and(dynamic),
                async || described(admin, resource).await,
            )
            .await;
        }
        for (name, resource, changes) in [
            (
                "subtract from a list",
                &topic,
                vec![subtract("cleanup.policy", "delete")],
            ),
            (
                "reset group",
                &group,
                vec![ConfigOp::delete("consumer.session.timeout.ms")],
            ),
            (
                "reset client metrics",
                &metrics,
                vec![ConfigOp::delete("interval.ms")],
            ),
            (
                "reset broker",
                &broker,
                vec![ConfigOp::delete("log.cleaner.threads")],
            ),
            (
                "reset all brokers",
                &default,
                vec![ConfigOp::delete("message.max.bytes")],
            ),
        ] {
            let changes = [(resource.clone(), changes)];
            let altered = admin
                .incremental_alter_configs(changes, Default::default())
                .await;
            tour.step(name, only(altered).map(done));
        }
        tour.until(
            "describe one config",
            |found| found["cleanup.policy"][0] == json!("compact"),
            async || {
                let options = DescribeConfigsOptions::default()
                    .config_names(vec!["cleanup.policy".to_string(), "no.such".to_string()])
                    .include_documentation(true)
                    .include_synonyms(true);
                let found = admin.describe_configs([topic.clone()], options).await;
                Ok(json!(
                    only(found)?
                        .into_iter()
                        .map(|one| (one.name, json!([one.value, one.documentation])))
                        .collect::<BTreeMap<_, _>>()
                ))
            },
        )
        .await;
        let found = described(admin, &unknown).await;
        tour.step("describe an unknown topic's configs", found);
        for (name, types) in [
            ("list config resources", vec![]),
            ("list topics with configs", vec![ConfigResourceType::Topic]),
            ("list groups with configs", vec![ConfigResourceType::Group]),
            (
                "list brokers with configs",
                vec![ConfigResourceType::Broker, ConfigResourceType::BrokerLogger],
            ),
        ] {
            let found = admin.list_config_resources(types, Default::default()).await;
            tour.step(
                name,
                found.map(|found| {
                    let mut found: Vec<_> = found
                        .into_iter()
                        .map(|one| (one.resource_type as i8, one.name))
                        .filter(|(_, name)| !name.starts_with("__"))
                        .collect();
                    found.sort();
                    json!(found)
                }),
            );
        }
    }
}

/// Whether a value was set while the broker runs: for a topic, a broker, all brokers, a logger, client
/// metrics, a group.
fn dynamic(source: i64) -> bool {
    [1, 2, 3, 6, 7, 8].contains(&source)
}

/// All configs: value, source, type, read-only, sensitive, and the sources of the synonyms.
async fn described(admin: &AdminClient, resource: &ConfigResource) -> Result<Value> {
    let options = DescribeConfigsOptions::default().include_synonyms(true);
    let found = admin.describe_configs([resource.clone()], options).await;
    let entries = only(found)?.into_iter();
    let entries = entries.filter(|one| !PLACES.contains(&one.name.as_str()));
    let entries = entries.map(|one| {
        let synonyms: Vec<_> = one.synonyms.iter().map(|synonym| synonym.source).collect();
        let told = json!([
            one.value,
            one.config_source,
            one.config_type,
            one.read_only,
            one.is_sensitive,
            synonyms,
        ]);
        (one.name, told)
    });
    Ok(json!(entries.collect::<BTreeMap<_, _>>()))
}
