//! The client krafka: producer, consumers with and without a group, and its admin client.

mod admin;
mod configs;
mod groups;
mod replicas;
mod security;
mod tour;

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use krafka::admin::NewTopic;
use krafka::consumer::{AutoOffsetReset, Consumer, ConsumerRecord, GroupProtocol};
use krafka::error::ErrorCode;
use krafka::producer::Acks;
use krafka::{Compression, Kafka, KrafkaError, Record};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Where the version is written; the library does not tell it.
const MANIFEST: &str = include_str!("../Cargo.toml");

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

/// Answers the commands on standard input; while it waits for one, the library's tasks go on.
async fn run() -> Outcome<()> {
    let mut driver = Driver { member: None };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let command: Value = serde_json::from_str(&line)?;
        let answer = driver.obey(&command).await;
        let answer = answer.unwrap_or_else(|error| json!({"error": error.to_string()}));
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

struct Driver {
    member: Option<Member>,
}

impl Driver {
    async fn obey(&mut self, command: &Value) -> Outcome<Value> {
        let text = |name: &str| command[name].as_str().unwrap_or_default().to_string();
        let (bootstrap, topic, group) = (text("bootstrap"), text("topic"), text("group"));
        match text("do").as_str() {
            "about" => {
                let version = MANIFEST.split("krafka = { version = \"=").nth(1);
                let version = version.and_then(|rest| rest.split('"').next());
                Ok(json!({"version": version.ok_or("no version")?}))
            }
            "create_topic" => {
                let partitions = number(&command["partitions"])?;
                let topic = NewTopic::new(topic, partitions, 1)?;
                let admin = connect(&bootstrap).await?.admin();
                for result in admin
                    .create_topics([topic], Default::default())
                    .await?
                    .into_values()
                {
                    result?;
                }
                Ok(json!({}))
            }
            "produce" => {
                let messages = command["messages"].as_array().ok_or("no messages")?;
                let settings = &command["settings"];
                let deliveries = produce(&bootstrap, &topic, messages, settings).await?;
                Ok(json!({"deliveries": deliveries}))
            }
            "read" => {
                let partitions = command["partitions"].as_array().ok_or("no partitions")?;
                let partitions: Outcome<Vec<i32>> = partitions.iter().map(number).collect();
                let records = read(&bootstrap, &topic, partitions?).await?;
                Ok(json!({"records": records}))
            }
            "join" => {
                let protocol = text("protocol");
                self.member = Some(Member::join(&bootstrap, &group, &topic, &protocol).await?);
                Ok(json!({}))
            }
            "poll" => {
                let member = self.member.as_ref().ok_or("not a member")?;
                let timeout = command["timeout_ms"].as_u64().unwrap_or(0);
                let records = member.poll(Duration::from_millis(timeout)).await?;
                Ok(json!({"records": records, "assigned": member.assigned().await}))
            }
            "commit" => {
                let member = self.member.as_ref().ok_or("not a member")?;
                Ok(json!({"committed": member.commit().await?}))
            }
            "close" => {
                if let Some(member) = self.member.take() {
                    member.consumer.close().await?;
                }
                Ok(json!({}))
            }
            "admin" => {
                let steps = admin::walk(&bootstrap, &topic, &group).await?;
                Ok(json!({"steps": steps}))
            }
            other => Err(format!("the library cannot {other}").into()),
        }
    }
}

async fn connect(bootstrap: &str) -> krafka::Result<Kafka> {
    Kafka::builder(bootstrap).connect().await
}

fn number(value: &Value) -> Outcome<i32> {
    Ok(value.as_i64().ok_or("not a number")?.try_into()?)
}

fn bytes(text: &Value) -> Outcome<Option<Vec<u8>>> {
    Ok(text
        .as_str()
        .map(|encoded| STANDARD.decode(encoded))
        .transpose()?)
}

fn record(topic: &str, message: &Value) -> Outcome<Record> {
    let mut record = match bytes(&message["value"])? {
        Some(value) => Record::new(topic, value),
        None => Record::new(topic, Vec::new()).without_value(),
    };
    if let Some(key) = bytes(&message["key"])? {
        record = record.key(key);
    }
    if !message["partition"].is_null() {
        record = record.partition(number(&message["partition"])?);
    }
    for header in message["headers"].as_array().into_iter().flatten() {
        let name = header[0].as_str().ok_or("a header without a name")?;
        record = match bytes(&header[1])? {
            Some(value) => record.header(name, value),
            None => record.null_header(name),
        };
    }
    Ok(record)
}

fn compression(name: &str) -> Compression {
    match name {
        "gzip" => Compression::Gzip,
        "snappy" => Compression::Snappy,
        "lz4" => Compression::Lz4,
        "zstd" => Compression::Zstd,
        _ => Compression::None,
    }
}

async fn produce(
    bootstrap: &str,
    topic: &str,
    messages: &[Value],
    settings: &Value,
) -> Outcome<Vec<Value>> {
    let codec = compression(settings["compression"].as_str().unwrap_or("none"));
    let given = |name: &str| settings[name].as_u64();
    let kafka = connect(bootstrap).await?;
    let mut builder = kafka
        .producer()
        .acks(Acks::All)
        .idempotent(true)
        .compression(codec);
    if let Some(size) = given("batch_bytes") {
        builder = builder.batch_size(size as usize);
    }
    if let Some(linger) = given("linger_ms") {
        builder = builder.linger(Duration::from_millis(linger));
    }
    if let Some(size) = given("largest_message") {
        builder = builder.max_request_size(size as usize);
    }
    if let Some(backoff) = given("backoff_ms") {
        builder = builder.retry_backoff(Duration::from_millis(backoff));
    }
    let producer = builder.build().await?;
    let mut handles = Vec::with_capacity(messages.len());
    for message in messages {
        handles.push(producer.enqueue(record(topic, message)?).await);
        // The engine makes at most one request to a broker each time that it runs: with all messages
        // queued before it runs first, it would never have two requests under way.
        tokio::task::yield_now().await;
    }
    let mut deliveries = Vec::with_capacity(messages.len());
    for handle in handles {
        let sent = match handle {
            Ok(handle) => handle.await,
            Err(error) => Err(error),
        };
        deliveries.push(match sent {
            Ok(sent) => json!({"partition": sent.partition, "offset": sent.offset}),
            Err(error) => json!({"error_code": code(&error), "error": error.to_string()}),
        });
    }
    producer.close().await?;
    Ok(deliveries)
}

fn code(error: &KrafkaError) -> Option<i16> {
    match error {
        KrafkaError::Broker { code, .. } => Some(code.to_i16()),
        _ => None,
    }
}

async fn read(bootstrap: &str, topic: &str, partitions: Vec<i32>) -> Outcome<Vec<Value>> {
    let kafka = connect(bootstrap).await?;
    let consumer = kafka
        .consumer_without_group()
        .auto_offset_reset(AutoOffsetReset::Earliest)
        .build()
        .await?;
    consumer.assign(topic, partitions.clone()).await?;
    let mut records = Vec::new();
    for partition in partitions {
        let (_, end) = consumer.fetch_watermarks(topic, partition).await?;
        while consumer.position(topic, partition).await < Some(end) {
            let polled = consumer.poll(Duration::from_millis(200)).await?;
            records.extend(polled.iter().map(received));
        }
    }
    consumer.close().await?;
    Ok(records)
}

fn received(record: &ConsumerRecord) -> Value {
    let headers = record.headers.iter();
    json!({
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key.as_ref().map(|some| STANDARD.encode(some)),
        "value": record.value.as_ref().map(|some| STANDARD.encode(some)),
        "headers": headers
            .map(|(name, value)| json!([name, value.as_ref().map(|some| STANDARD.encode(some))]))
            .collect::<Vec<_>>(),
    })
}

/// A subscribed member of a group.
struct Member {
    consumer: Consumer,
    topic: String,
}

impl Member {
    async fn join(
        bootstrap: &str,
        group: &str,
        topic: &str,
        protocol: &str,
    ) -> krafka::Result<Self> {
        let kafka = connect(bootstrap).await?;
        let consumer = kafka
            .consumer(group)
            .auto_offset_reset(AutoOffsetReset::Earliest)
            .enable_auto_commit(false)
            .session_timeout(Duration::from_secs(10))
            .heartbeat_interval(Duration::from_millis(200))
            .group_protocol(match protocol {
                "consumer" => GroupProtocol::Consumer,
                _ => GroupProtocol::Classic,
            })
            .build()
            .await?;
        consumer.subscribe([topic]).await?;
        let topic = topic.to_string();
        Ok(Self { consumer, topic })
    }

    async fn poll(&self, timeout: Duration) -> krafka::Result<Vec<Value>> {
        Ok(self
            .consumer
            .poll(timeout)
            .await?
            .iter()
            .map(received)
            .collect())
    }

    async fn assigned(&self) -> Vec<i32> {
        let mut assigned = self.consumer.assignment().await;
        assigned.remove(&self.topic).unwrap_or_default()
    }

    async fn commit(&self) -> krafka::Result<bool> {
        use ErrorCode::{
            FencedMemberEpoch, IllegalGeneration, RebalanceInProgress, StaleMemberEpoch,
            UnknownMemberId,
        };
        match self.consumer.commit().await {
            Ok(()) => Ok(true),
            Err(KrafkaError::Broker {
                code:
                    RebalanceInProgress | IllegalGeneration | UnknownMemberId | StaleMemberEpoch
                    | FencedMemberEpoch,
                ..
            }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
