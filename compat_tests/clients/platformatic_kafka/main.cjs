// The client @platformatic/kafka; it needs Node.js 22.
"use strict";

const { randomUUID } = require("node:crypto");
const path = require("node:path");

const { Admin, Consumer, Producer, defaultPartitioner, protocolErrors } = require("@platformatic/kafka");

const driver = require("../js_driver/driver.cjs");
const { tour } = require("./admin.cjs");

// REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH
const REBALANCES = [27, 22, 25, 113];

const base = (bootstrap) => ({ clientId: "platformatic-driver", bootstrapBrokers: [bootstrap] });

/** Kafka's error code, which the library keeps at the innermost of its errors. */
function kafkaCode(error) {
  if (!error) return null;
  if (typeof error.apiCode === "number") return error.apiCode;
  for (const inner of [...(error.errors ?? []), error.cause]) {
    const code = kafkaCode(inner);
    if (code !== null) return code;
  }
  return null;
}

function errorName(error) {
  const code = kafkaCode(error);
  const known = Object.values(protocolErrors).find((one) => one.code === code);
  return known?.id ?? (code === null ? String(error?.message ?? error) : String(code));
}

async function createTopic(bootstrap, topic, partitions) {
  const admin = new Admin(base(bootstrap));
  try {
    await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  } finally {
    await admin.close();
  }
}

/** What one call of `send` takes: the library makes one batch for each partition of it. */
function* portions(messages, batchBytes) {
  let portion = [];
  const sizes = new Map();
  for (const message of messages) {
    const size = 40 + (message.value?.length ?? 0) + (message.key?.length ?? 0);
    if (portion.length && (sizes.get(message.partition) ?? 61) + size > batchBytes) {
      yield portion;
      portion = [];
      sizes.clear();
    }
    sizes.set(message.partition, (sizes.get(message.partition) ?? 61) + size);
    portion.push(message);
  }
  if (portion.length) yield portion;
}

function toSend(topic, message, index) {
  return {
    topic,
    key: message.key ?? undefined,
    value: message.value ?? undefined,
    partition: message.partition ?? undefined,
    headers: new Map(message.headers.map(([name, value]) => [Buffer.from(name), value])),
    metadata: index,
  };
}

async function produce(bootstrap, topic, messages, settings) {
  const options = { ...base(bootstrap), idempotent: true, acks: -1, compression: settings.compression };
  if (settings.backoff_ms !== null) Object.assign(options, { retries: 1000, retryDelay: settings.backoff_ms });
  const producer = new Producer(options);
  const admin = new Admin(base(bootstrap));
  const count = (await admin.metadata({ topics: [topic] })).topics.get(topic).partitionsCount;
  await admin.close();
  const deliveries = [];
  for (const portion of portions(messages, settings.batch_bytes ?? 500_000)) {
    const first = deliveries.length;
    const sent = portion.map((message, i) => toSend(topic, message, first + i));
    // The answers tell the first offset of each partition only: choose as the library would, and know.
    for (const message of sent) message.partition ??= Math.abs(defaultPartitioner(message, message.key)) % count;
    try {
      const answer = await producer.send({ messages: sent });
      const next = new Map(answer.offsets.map((o) => [o.partition, Number(o.offset)]));
      for (const { partition } of sent) {
        const offset = next.get(partition);
        deliveries.push({ partition, offset });
        if (offset >= 0) next.set(partition, offset + 1);
      }
    } catch (error) {
      deliveries.push(...portion.map(() => ({ error_code: kafkaCode(error), error: String(error.message) })));
    }
  }
  await producer.close();
  return deliveries;
}

function received(message) {
  const { partition, offset, key, value, headers } = message;
  return { partition, offset, key, value, headers: [...headers] };
}

/** The library's streams are of a group's member: this group is of no one else. */
async function read(bootstrap, topic, partitions) {
  const consumer = new Consumer({ ...base(bootstrap), groupId: `read-${randomUUID()}`, maxWaitTime: 100 });
  const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic);
  const unread = new Map(partitions.filter((p) => ends[p] > 0n).map((p) => [p, ends[p]]));
  const records = [];
  const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false, maxWaitTime: 100 });
  if (unread.size) {
    for await (const message of stream) {
      if (!unread.has(message.partition)) continue;
      records.push(received(message));
      if (message.offset + 1n >= unread.get(message.partition)) unread.delete(message.partition);
      if (!unread.size) break;
    }
  }
  await consumer.close(true);
  return records;
}

class Member {
  constructor(bootstrap, group, topic, protocol) {
    this.topic = topic;
    this.polled = [];
    this.waiting = [];
    const classic = { heartbeatInterval: 200, sessionTimeout: 10_000 };
    this.consumer = new Consumer({
      ...base(bootstrap),
      groupId: group,
      groupProtocol: protocol,
      maxWaitTime: 100,
      ...(protocol === "classic" ? classic : {}),
    });
  }

  async start() {
    this.stream = await this.consumer.consume({
      topics: [this.topic],
      mode: "committed",
      fallbackMode: "earliest",
      autocommit: false,
      maxWaitTime: 100,
    });
    this.failed = null;
    this.stream.on("error", (error) => (this.failed = error));
    this.stream.on("data", (message) => this.waiting.push(message));
  }

  async poll(timeoutMs) {
    this.polled = [];
    const end = Date.now() + timeoutMs;
    while (!this.polled.length && Date.now() < end) {
      if (this.failed) throw this.failed;
      // What came before a rebalance and was not polled is another member's to consume.
      const mine = this.assigned();
      this.polled = this.waiting.splice(0, 500).filter((message) => mine.includes(message.partition));
      if (!this.polled.length) await driver.sleep(5);
    }
    return this.polled.map(received);
  }

  assigned() {
    const mine = (this.consumer.assignments ?? []).find((one) => one.topic === this.topic);
    return [...(mine?.partitions ?? [])].sort((a, b) => a - b);
  }

  async commit() {
    const last = new Map(this.polled.map((message) => [message.partition, message]));
    const offsets = [...last.values()].map((message) => ({
      topic: this.topic,
      partition: message.partition,
      offset: message.offset + 1n,
      leaderEpoch: 0,
    }));
    try {
      await this.consumer.commit({ offsets });
      return true;
    } catch (error) {
      if (REBALANCES.includes(kafkaCode(error))) return false;
      throw error;
    }
  }

  async close() {
    await this.consumer.close(true);
  }
}

async function join(bootstrap, group, topic, protocol) {
  const member = new Member(bootstrap, group, topic, protocol);
  await member.start();
  return member;
}

async function admin(bootstrap, topic, group, steps) {
  const client = new Admin(base(bootstrap));
  try {
    await tour(client, topic, group, steps, {
      produce: (messages) => produce(bootstrap, topic, messages, { compression: "none", backoff_ms: null }),
      join: (name, protocol) => join(bootstrap, name, topic, protocol),
    });
  } finally {
    await client.close();
  }
}

const { version } = require(path.join(path.dirname(require.resolve("@platformatic/kafka")), "../package.json"));
driver.run({ version, errorName, createTopic, produce, read, join, admin });
