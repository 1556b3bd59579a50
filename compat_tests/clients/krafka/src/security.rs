//! Quotas, SCRAM credentials, ACLs and delegation tokens.

use std::collections::BTreeMap;

use krafka::admin::{
    AclBinding, AclFilter, AclOperation, AclPatternType, AclPermissionType, AclResourceType,
    AlterClientQuotasOptions, ClientQuotaAlteration, ClientQuotaEntity, ClientQuotaFilter,
    QuotaMatch, ScramCredentialDeletion, ScramCredentialUpsertion,
};
use krafka::auth::ScramMechanism;
use serde_json::{Value, json};

use crate::admin::Guide;
use crate::tour::{by_name, done, only, told};

fn none(found: &Value) -> bool {
    found.as_array().is_some_and(Vec::is_empty)
}

impl Guide {
    pub async fn quotas(&mut self) {
        let name = self.group.clone();
        let of = |kind: &str, name: Option<&str>| ClientQuotaEntity::from_iter([(kind, name)]);
        let rate = |rate| vec![("producer_byte_rate".to_string(), rate)];
        let id = of("client-id", Some(&name));
        let everybody = of("user", None);
        for (step, entity, ops, validate) in [
            ("validate quotas", &id, rate(Some(1e9)), true),
            ("alter quotas", &id, rate(Some(1e9)), false),
            (
                "alter quotas of everybody",
                &everybody,
                rate(Some(2e9)),
                false,
            ),
            (
                "alter quotas that are not there",
                &id,
                vec![("no such".to_string(), Some(1.0))],
                false,
            ),
            (
                "alter quotas of another kind",
                &of("no such", Some("one")),
                rate(Some(1e9)),
                false,
            ),
        ] {
            let options = AlterClientQuotasOptions::default().validate_only(validate);
            let alterations = vec![ClientQuotaAlteration::new(entity.clone(), ops)];
            let altered = self.admin.alter_client_quotas(alterations, options).await;
            self.tour.step(step, only(altered).map(done));
        }
        let exact =
            || ClientQuotaFilter::all().component("client-id", QuotaMatch::Exact(name.clone()));
        for (step, filter) in [
            ("describe quotas", exact().strict(true)),
            (
                "describe quotas of everybody",
                ClientQuotaFilter::all().component("user", QuotaMatch::Default),
            ),
            (
                "describe quotas of any user",
                ClientQuotaFilter::all().component("user", QuotaMatch::Any),
            ),
            ("describe all quotas", ClientQuotaFilter::all()),
        ] {
            self.described_quotas(step, filter, |found| !none(found))
                .await;
        }
        for (step, entity) in [
            ("remove quotas", id),
            ("remove quotas of everybody", everybody),
        ] {
            let alterations = vec![ClientQuotaAlteration::new(entity, rate(None))];
            let altered = self
                .admin
                .alter_client_quotas(alterations, Default::default())
                .await;
            self.tour.step(step, only(altered).map(done));
        }
        self.described_quotas(
            "describe quotas that are left",
            ClientQuotaFilter::all(),
            none,
        )
        .await;
    }

    async fn described_quotas(
        &mut self,
        step: &str,
        filter: ClientQuotaFilter,
        settled: impl Fn(&Value) -> bool,
    ) {
        let Self { tour, admin, .. } = self;
        tour.until(step, settled, async || {
            let found = admin
                .describe_client_quotas(filter.clone(), Default::default())
                .await?;
            let mut found: Vec<_> = found.into_iter().collect();
            found.sort_by(|(one, _), (other, _)| one.cmp(other));
            Ok(json!(
                found
                    .into_iter()
                    .map(|(entity, values)| json!([entity.0, values]))
                    .collect::<Vec<_>>()
            ))
        })
        .await;
    }

    pub async fn scram(&mut self) {
        let name = self.group.clone();
        let (sha256, sha512) = (ScramMechanism::Sha256, ScramMechanism::Sha512);
        let upsert = |mechanism, iterations| ScramCredentialUpsertion {
            name: name.clone(),
            mechanism,
            iterations,
            salt: vec![1; 16].into(),
            // The library leaves the salting to its user.
            salted_password: vec![2; 32].into(),
        };
        let delete = |mechanism| ScramCredentialDeletion {
            name: name.clone(),
            mechanism,
        };
        for (step, deletions, upsertions) in [
            ("upsert a credential", vec![], vec![upsert(sha256, 4096)]),
            (
                "upsert another credential",
                vec![],
                vec![upsert(sha512, 8192)],
            ),
            (
                "upsert with few iterations",
                vec![],
                vec![upsert(sha256, 1)],
            ),
        ] {
            let altered = self
                .admin
                .alter_user_scram_credentials(deletions, upsertions, Default::default())
                .await;
            self.tour.step(step, by_name(altered, done));
        }
        self.described_credentials("describe credentials", 2).await;
        for (step, mechanism) in [
            ("delete a credential", sha256),
            ("delete a credential again", sha256),
            ("delete the other credential", sha512),
        ] {
            let deletions = vec![delete(mechanism)];
            let altered = self
                .admin
                .alter_user_scram_credentials(deletions, vec![], Default::default())
                .await;
            self.tour.step(step, by_name(altered, done));
        }
        self.described_credentials("describe credentials that are left", 0)
            .await;
        let found = self
            .admin
            .describe_user_scram_credentials(None, Default::default())
            .await;
        self.tour.step(
            "describe all credentials",
            found.map(|found| json!(found.len())),
        );
    }

    async fn described_credentials(&mut self, step: &str, count: usize) {
        let Self {
            tour, admin, group, ..
        } = self;
        let settled = |found: &Value| {
            found[&*group]
                .as_object()
                .map_or(count == 0, |all| all.len() == count)
        };
        tour.until(step, settled, async || {
            let users = Some(vec![group.clone()]);
            let found = admin
                .describe_user_scram_credentials(users, Default::default())
                .await;
            by_name(found, |found| {
                // Apache Kafka tells them in no order.
                let found = found.iter();
                let found = found.map(|one| (one.mechanism.mechanism_name(), one.iterations));
                json!(found.collect::<BTreeMap<_, _>>())
            })
        })
        .await;
    }

    pub async fn acls(&mut self) {
        let (topic, who) = (self.topic.clone(), format!("User:{}", self.group));
        let allow = AclBinding::allow_read_topic(&topic, &who);
        let deny = AclBinding::new(
            AclResourceType::Group,
            &self.group,
            &who,
            "127.0.0.1",
            AclOperation::Delete,
            AclPermissionType::Deny,
        );
        for (step, acl) in [
            ("create an ACL", allow.clone()),
            // What the library calls prefixed is on the wire what the protocol calls literal.
            (
                "create an ACL, prefixed",
                allow.clone().with_pattern_type(AclPatternType::Prefixed),
            ),
            (
                "create another ACL, prefixed",
                deny.with_pattern_type(AclPatternType::Prefixed),
            ),
            (
                "create an ACL of any pattern",
                allow.with_pattern_type(AclPatternType::Any),
            ),
        ] {
            let created = self.admin.create_acls(vec![acl], Default::default()).await;
            let created = created.map(|created| {
                let outcomes = created.into_iter().map(|(_, one)| told(one.map(done)));
                json!(outcomes.collect::<Vec<_>>())
            });
            self.tour.step(step, created);
        }
        let by_topic = || AclFilter::for_resource(AclResourceType::Topic, &topic);
        for (step, filter, count) in [
            ("describe ACLs", AclFilter::all(), 2),
            ("describe ACLs of a topic", by_topic(), 1),
            (
                "describe ACLs of a topic, literal",
                by_topic().pattern_type(AclPatternType::Literal),
                1,
            ),
            (
                "describe ACLs of a topic, prefixed",
                by_topic().pattern_type(AclPatternType::Prefixed),
                1,
            ),
            ("describe ACLs of a user", AclFilter::for_principal(&who), 2),
            (
                "describe ACLs of an operation",
                AclFilter::all().operation(AclOperation::Delete),
                1,
            ),
            (
                "describe ACLs that deny",
                AclFilter::all().permission_type(AclPermissionType::Deny),
                1,
            ),
            (
                "describe ACLs of a host",
                AclFilter::all().host("127.0.0.1"),
                1,
            ),
        ] {
            self.described_acls(step, filter, count).await;
        }
        for (step, filter) in [
            ("delete ACLs of a topic", by_topic()),
            ("delete ACLs of a user", AclFilter::for_principal(&who)),
            ("delete ACLs again", AclFilter::for_principal(&who)),
        ] {
            let deleted = self
                .admin
                .delete_acls(vec![filter], Default::default())
                .await;
            let deleted = deleted.map(|deleted| {
                let outcomes = deleted.into_iter().map(|(_, one)| {
                    told(one.map(|one| json!([acls(one.deleted), one.failed.len()])))
                });
                json!(outcomes.collect::<Vec<_>>())
            });
            self.tour.step(step, deleted);
        }
        self.described_acls("describe ACLs that are left", AclFilter::all(), 0)
            .await;
    }

    async fn described_acls(&mut self, step: &str, filter: AclFilter, count: usize) {
        let Self { tour, admin, .. } = self;
        let settled = |found: &Value| found.as_array().is_some_and(|all| all.len() == count);
        tour.until(step, settled, async || {
            let found = admin.describe_acls(filter.clone(), Default::default());
            Ok(acls(found.await?))
        })
        .await;
    }

    /// Over a connection without a user there are none.
    pub async fn tokens(&mut self) {
        let admin = &self.admin;
        let created = admin.create_delegation_token(Default::default()).await;
        let renewed = admin
            .renew_delegation_token(&[1; 8], Default::default())
            .await;
        let expired = admin
            .expire_delegation_token(&[1; 8], Default::default())
            .await;
        let found = admin.describe_delegation_token(Default::default()).await;
        let tour = &mut self.tour;
        tour.step("create delegation token", created.map(|_| Value::Null));
        tour.step("renew delegation token", renewed.map(|_| Value::Null));
        tour.step("expire delegation token", expired.map(|_| Value::Null));
        tour.step(
            "describe delegation tokens",
            found.map(|found| json!(found.len())),
        );
    }
}

/// ACLs in an order of their own, the enumerations by the library's names.
fn acls(found: Vec<AclBinding>) -> Value {
    let found = found.into_iter();
    let mut found: Vec<_> = found
        .map(|one| {
            [
                format!("{:?}", one.resource_type),
                one.resource_name,
                format!("{:?}", one.pattern_type),
                one.principal,
                one.host,
                format!("{:?}", one.operation),
                format!("{:?}", one.permission_type),
            ]
        })
        .collect();
    found.sort();
    json!(found)
}
