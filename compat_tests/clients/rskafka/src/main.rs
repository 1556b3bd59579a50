//! The client rskafka. It has no groups and no idempotent producer, and makes one batch of each call.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, Write};
use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::Record;
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line?)?;
        let answer = runtime.block_on(obey(&command));
        let answer = answer.unwrap_or_else(|error| json!({"error": error.to_string()}));
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

async fn obey(command: &Value) -> Outcome<Value> {
    let text = |name: &str| command[name].as_str().unwrap_or_default().to_string();
    match text("do").as_str() {
        "about" => Ok(json!({"version": "0.6.0"})),
        "create_topic" => {
            let partitions = command["partitions"].as_i64().unwrap_or(1) as i32;
            let client = connect(&text("bootstrap"), None).await?;
            let controller = client.controller_client()?;
            controller
                .create_topic(text("topic"), partitions, 1, 5_000)
                .await?;
            Ok(json!({}))
        }
        "produce" => {
            let settings = &command["settings"];
            let client = connect(&text("bootstrap"), Some(settings)).await?;
            let messages = command["messages"].as_array().ok_or("no messages")?;
            let deliveries = produce(&client, &text("topic"), messages, settings).await?;
            Ok(json!({"deliveries": deliveries}))
        }
        "read" => {
            let client = connect(&text("bootstrap"), None).await?;
            let mut records = Vec::new();
            for partition in command["partitions"].as_array().ok_or("no partitions")? {
                let partition = partition.as_i64().ok_or("not a partition")? as i32;
                read(
                    &partition_of(&client, &text("topic"), partition).await?,
                    &mut records,
                )
                .await?;
            }
            Ok(json!({"records": records}))
        }
        "admin" => admin(&text("bootstrap"), &text("topic")).await,
        other => Err(format!("the library cannot {other}").into()),
    }
}

async fn connect(bootstrap: &str, settings: Option<&Value>) -> Outcome<Client> {
    let mut backoff = rskafka::BackoffConfig {
        deadline: Some(Duration::from_secs(60)),
        ..Default::default()
    };
    if let Some(wait) = settings.and_then(|s| s["backoff_ms"].as_u64()) {
        backoff.init_backoff = Duration::from_millis(wait);
        backoff.max_backoff = Duration::from_millis(4 * wait);
    }
    Ok(ClientBuilder::new(vec![bootstrap.to_string()])
        .backoff_config(backoff)
        .build()
        .await?)
}

async fn partition_of(client: &Client, topic: &str, partition: i32) -> Outcome<PartitionClient> {
    let asked = client.partition_client(topic, partition, UnknownTopicHandling::Retry);
    Ok(asked.await?)
}

fn bytes(text: &Value) -> Outcome<Option<Vec<u8>>> {
    Ok(text
        .as_str()
        .map(|encoded| STANDARD.decode(encoded))
        .transpose()?)
}

fn record(message: &Value) -> Outcome<Record> {
    let mut headers = BTreeMap::new();
    for header in message["headers"].as_array().into_iter().flatten() {
        let name = header[0].as_str().unwrap_or_default().to_string();
        // The library has a map: of two headers of one name the last is left.
        headers.insert(name, bytes(&header[1])?.unwrap_or_default());
    }
    let (key, value) = (bytes(&message["key"])?, bytes(&message["value"])?);
    Ok(Record {
        key,
        value,
        headers,
        timestamp: chrono::Utc::now(),
    })
}

fn compression(name: &str) -> Compression {
    match name {
        "gzip" => Compression::Gzip,
        "snappy" => Compression::Snappy,
        "lz4" => Compression::Lz4,
        "zstd" => Compression::Zstd,
        _ => Compression::NoCompression,
    }
}

/// Writes the messages of each partition in their order, one batch after the other.
async fn produce(
    client: &Client,
    topic: &str,
    messages: &[Value],
    settings: &Value,
) -> Outcome<Vec<Value>> {
    let compression = compression(settings["compression"].as_str().unwrap_or("none"));
    let batch_bytes = settings["batch_bytes"].as_u64().unwrap_or(500_000) as usize;
    let mut waiting: BTreeMap<i32, VecDeque<(usize, Record)>> = BTreeMap::new();
    for (index, message) in messages.iter().enumerate() {
        let partition = message["partition"]
            .as_i64()
            .ok_or("the library has no partitioner")? as i32;
        waiting
            .entry(partition)
            .or_default()
            .push_back((index, record(message)?));
    }
    let mut deliveries = vec![Value::Null; messages.len()];
    for (partition, mut waiting) in waiting {
        let writer = partition_of(client, topic, partition).await?;
        while !waiting.is_empty() {
            let (mut indices, mut batch, mut size) = (Vec::new(), Vec::new(), 61);
            while let Some((_, next)) = waiting.front() {
                size += next.approximate_size() + 12;
                if size > batch_bytes && !batch.is_empty() {
                    break;
                }
                let (index, record) = waiting.pop_front().ok_or("empty")?;
                indices.push(index);
                batch.push(record);
            }
            match writer.produce(batch, compression).await {
                Ok(offsets) => {
                    for (index, offset) in indices.iter().zip(offsets) {
                        deliveries[*index] = json!({"partition": partition, "offset": offset});
                    }
                }
                Err(error) => {
                    for index in indices {
                        deliveries[index] =
                            json!({"error_code": code(&error), "error": error.to_string()});
                    }
                }
            }
        }
    }
    Ok(deliveries)
}

fn code(error: &Error) -> Option<i16> {
    match error {
        // The library makes errors of codes, but not the other way round.
        Error::ServerError { protocol_error, .. } => {
            (-1..200).find(|code| ProtocolError::new(*code) == Some(*protocol_error))
        }
        _ => None,
    }
}

async fn read(partition: &PartitionClient, records: &mut Vec<Value>) -> Outcome<()> {
    let end = partition.get_offset(OffsetAt::Latest).await?;
    let mut next = partition.get_offset(OffsetAt::Earliest).await?;
    while next < end {
        let (found, _) = partition.fetch_records(next, 1..10_000_000, 1_000).await?;
        for record in found {
            next = record.offset + 1;
            let encode = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|some| STANDARD.encode(some));
            let headers = record.record.headers.iter();
            records.push(json!({
                "partition": partition.partition(),
                "offset": record.offset,
                "key": encode(&record.record.key),
                "value": encode(&record.record.value),
                "headers": headers.map(|(n, v)| json!([n, STANDARD.encode(v)])).collect::<Vec<_>>(),
            }));
        }
    }
    Ok(())
}

fn outcome(result: Result<Value, Error>) -> Value {
    match result {
        Ok(Value::Null) => json!("ok"),
        Ok(found) => found,
        Err(error) => match code(&error) {
            Some(code) => json!(format!("error: {code}")),
            None => json!(format!("error: {error}")),
        },
    }
}

async fn admin(bootstrap: &str, topic: &str) -> Outcome<Value> {
    let client = connect(bootstrap, None).await?;
    let controller = client.controller_client()?;
    let mut steps = serde_json::Map::new();
    for name in ["create topic", "create topic again"] {
        let created = controller.create_topic(topic, 2, 1, 5_000).await;
        steps.insert(name.into(), outcome(created.map(|()| Value::Null)));
    }
    let partition = partition_of(&client, topic, 1).await?;
    let listed = client.list_topics().await.map(|topics| {
        let found = topics.into_iter().find(|one| one.name == topic);
        json!(found.map(|one| one.partitions))
    });
    steps.insert("list topics".into(), outcome(listed));
    let written = produce(
        &client,
        topic,
        &vec![json!({"value": "eA==", "partition": 1}); 10],
        &json!({}),
    )
    .await?;
    steps.insert(
        "produce".into(),
        json!(written.last().map(|last| &last["offset"])),
    );
    let deleted = partition.delete_records(3, 5_000).await;
    steps.insert(
        "delete records".into(),
        outcome(deleted.map(|()| Value::Null)),
    );
    for (name, at) in [
        ("earliest offset", OffsetAt::Earliest),
        ("latest offset", OffsetAt::Latest),
    ] {
        let offset = partition.get_offset(at).await;
        steps.insert(name.into(), outcome(offset.map(|offset| json!(offset))));
    }
    for name in ["delete topic", "delete topic again"] {
        let deleted = controller.delete_topic(topic, 5_000).await;
        steps.insert(name.into(), outcome(deleted.map(|()| Value::Null)));
    }
    Ok(json!({"steps": steps}))
}
