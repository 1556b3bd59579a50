//! Outcomes of the steps of an admin client, in their order.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use krafka::consumer::TopicPartition;
use krafka::{KrafkaError, Result};
use serde_json::{Map, Value, json};

/// How long what was changed may take until the broker tells of it.
const SETTLING: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct Tour {
    pub steps: Map<String, Value>,
}

impl Tour {
    /// Keeps what came of a step; what gives nothing was `ok`.
    pub fn step(&mut self, name: impl Into<String>, outcome: Result<Value>) {
        let name = name.into();
        assert!(!self.steps.contains_key(&name), "{name} is there already");
        self.steps.insert(name, told(outcome));
    }

    /// A step for what the broker learns a moment after it has answered the request that changed it:
    /// it is asked again until the outcome is what is waited for.
    pub async fn until(
        &mut self,
        name: impl Into<String>,
        settled: impl Fn(&Value) -> bool,
        ask: impl AsyncFn() -> Result<Value>,
    ) {
        let end = Instant::now() + SETTLING;
        loop {
            let outcome = ask().await;
            if outcome.as_ref().is_ok_and(&settled) || Instant::now() > end {
                return self.step(name, outcome);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub fn told(outcome: Result<Value>) -> Value {
    match outcome {
        Ok(Value::Null) => json!("ok"),
        Ok(found) => found,
        Err(KrafkaError::Broker { code, message }) => json!(format!("error: {code:?}: {message}")),
        // The message has the broker's address.
        Err(KrafkaError::Protocol { kind, .. }) => json!(format!("error: {kind:?}")),
        Err(error) => json!(format!("error: {error}")),
    }
}

/// What came of each name, in the order of the names.
pub fn by_name<V>(
    answers: Result<HashMap<String, Result<V>>>,
    tell: impl Fn(V) -> Value,
) -> Result<Value> {
    let outcomes = answers?.into_iter();
    let outcomes: BTreeMap<_, _> = outcomes
        .map(|(name, outcome)| (name, told(outcome.map(&tell))))
        .collect();
    Ok(json!(outcomes))
}

/// What came of each partition of one topic, in their order.
pub fn by_partition<V>(
    answers: Result<HashMap<TopicPartition, Result<V>>>,
    tell: impl Fn(V) -> Value,
) -> Result<Value> {
    let outcomes = answers?.into_iter();
    let outcomes: BTreeMap<_, _> = outcomes
        .map(|(of, outcome)| (of.partition, told(outcome.map(&tell))))
        .collect();
    Ok(json!(outcomes.into_iter().collect::<Vec<_>>()))
}

/// What came of the one that was asked about.
pub fn only<K, V>(answers: Result<HashMap<K, Result<V>>>) -> Result<V> {
    let answer = answers?.into_values().next();
    answer.unwrap_or_else(|| {
        Err(KrafkaError::IllegalState {
            message: "no answer".to_string(),
        })
    })
}

pub fn done((): ()) -> Value {
    Value::Null
}
