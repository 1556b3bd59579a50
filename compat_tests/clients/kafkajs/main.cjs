// The client kafkajs.
"use strict";

const { CompressionCodecs, CompressionTypes, Kafka, Partitioners, logLevel } = require("kafkajs");
const SnappyCodec = require("kafkajs-snappy");
const { randomUUID } = require("node:crypto");

const driver = require("../js_driver/driver.cjs");
const { tour } = require("./admin.cjs");

// The library brings gzip; Snappy is plugged in as its documentation says. The packages for LZ4 and
// Zstandard are native add-ons that are no longer kept up.
CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec;

const COMPRESSION = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};
// REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID
const REBALANCES = [27, 22, 25];

function kafka(bootstrap, retry) {
  return new Kafka({ brokers: [bootstrap], clientId: "kafkajs-driver", logLevel: logLevel.NOTHING, retry });
}

function kafkaError(error) {
  for (let e = error; e; e = e.cause) {
    if (typeof e.code === "number") return e;
    if (e.errors?.length) return kafkaError(e.errors[0]);
    if (e.groups?.length) return kafkaError(e.groups[0].error);
  }
  return null;
}

function errorName(error) {
  return kafkaError(error)?.type ?? String(error?.message ?? error);
}

async function withAdmin(bootstrap, use) {
  const admin = kafka(bootstrap).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function createTopic(bootstrap, topic, partitions) {
  await withAdmin(bootstrap, (admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] }),
  );
}

/** What one call of `send` takes: the library makes one batch for each partition of it. */
function* portions(messages, batchBytes) {
  let portion = [];
  const sizes = new Map();
  for (const message of messages) {
    const size = 40 + (message.value?.length ?? 0) + (message.key?.length ?? 0);
    const before = sizes.get(message.partition) ?? 61;
    if (portion.length && before + size > batchBytes) {
      yield portion;
      portion = [];
      sizes.clear();
    }
    sizes.set(message.partition, (sizes.get(message.partition) ?? 61) + size);
    portion.push(message);
  }
  if (portion.length) yield portion;
}

function toSend(message, index) {
  const headers = {};
  for (const [name, value] of message.headers) {
    // A name that is there twice is a list in this library.
    headers[name] = name in headers ? [headers[name], value].flat() : value;
  }
  const partition = message.partition ?? undefined;
  return { value: message.value, key: message.key, partition, headers, index };
}

async function produce(bootstrap, topic, messages, settings) {
  const backoff = settings.backoff_ms;
  const retry = backoff === null ? undefined : { initialRetryTime: backoff, maxRetryTime: 4 * backoff, retries: 1000 };
  const partitions = new Map();
  const producer = kafka(bootstrap, retry).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    retry,
    createPartitioner: () => {
      // The answers tell the first offset of each partition only, so remember which message went where.
      const choose = Partitioners.DefaultPartitioner();
      return (asked) => {
        const partition = choose(asked);
        partitions.set(asked.message.index, partition);
        return partition;
      };
    },
  });
  for (let tries = 1; ; tries++) {
    try {
      await producer.connect();
      break;
    } catch (error) {
      // The library does not ask for a producer id again when the connection was cut meanwhile.
      if (backoff === null || tries === 10) throw error;
    }
  }
  const deliveries = [];
  const batchBytes = settings.batch_bytes ?? 500_000;
  for (const portion of portions(messages, batchBytes)) {
    const first = deliveries.length;
    try {
      const answers = await producer.send({
        topic,
        acks: -1,
        compression: COMPRESSION[settings.compression],
        messages: portion.map((message, i) => toSend(message, first + i)),
      });
      const next = new Map(answers.map((a) => [a.partition, Number(a.baseOffset)]));
      for (let i = first; i < first + portion.length; i++) {
        const partition = partitions.get(i);
        const offset = next.get(partition);
        deliveries.push({ partition, offset });
        if (offset >= 0) next.set(partition, offset + 1);
      }
    } catch (error) {
      const code = kafkaError(error)?.code ?? null;
      deliveries.push(...portion.map(() => ({ error_code: code, error: String(error.message) })));
    }
  }
  await producer.disconnect();
  return deliveries;
}

function received(message, partition) {
  const headers = Object.entries(message.headers ?? {}).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((one) => [name, one]) : [[name, value]],
  );
  return { partition, offset: message.offset, key: message.key, value: message.value, headers };
}

/** The library reads in groups only: this one is of no one else. */
async function read(bootstrap, topic, partitions) {
  const ends = await withAdmin(bootstrap, (admin) => admin.fetchTopicOffsets(topic));
  const unread = new Map(
    ends.filter((end) => partitions.includes(end.partition) && end.high !== "0").map((end) => [end.partition, end.high]),
  );
  const records = [];
  const consumer = kafka(bootstrap).consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise((done, failed) => {
    if (unread.size === 0) return done();
    consumer.on(consumer.events.CRASH, (event) => failed(event.payload.error));
    consumer
      .run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          if (!unread.has(partition)) return;
          records.push(received(message, partition));
          if (BigInt(message.offset) + 1n >= BigInt(unread.get(partition))) unread.delete(partition);
          if (unread.size === 0) done();
        },
      })
      .catch(failed);
  });
  await consumer.disconnect();
  return records;
}

/** Hands over one batch after the other; a batch is done when it was committed, or at the next poll. */
class Member {
  constructor(bootstrap, group, topic) {
    this.topic = topic;
    this.partitions = [];
    this.waiting = [];
    this.polled = null;
    this.consumer = kafka(bootstrap).consumer({
      groupId: group,
      heartbeatInterval: 200,
      sessionTimeout: 10_000,
      maxWaitTimeInMs: 100,
    });
    const { GROUP_JOIN, REBALANCING } = this.consumer.events;
    this.consumer.on(GROUP_JOIN, (event) => {
      this.partitions = [...(event.payload.memberAssignment[topic] ?? [])].sort((a, b) => a - b);
    });
    this.consumer.on(REBALANCING, () => {
      this.partitions = [];
    });
  }

  async start() {
    await this.consumer.connect();
    await this.consumer.subscribe({ topic: this.topic, fromBeginning: true });
    await this.consumer.run({ autoCommit: false, eachBatch: (payload) => this.offer(payload) });
  }

  async offer({ batch, resolveOffset, heartbeat, isRunning }) {
    const offered = { records: batch.messages.map((message) => received(message, batch.partition)), done: false };
    this.waiting.push(offered);
    while (!offered.done) {
      await driver.sleep(2);
      if (offered === this.polled || offered.done) continue;
      try {
        if (!isRunning()) throw new Error("not running");
        await heartbeat();
      } catch (error) {
        // It rebalances: what nobody polled goes back.
        this.waiting = this.waiting.filter((other) => other !== offered);
        if (offered !== this.polled) throw error;
      }
    }
    resolveOffset(batch.lastOffset());
  }

  release() {
    if (this.polled) this.polled.done = true;
    this.polled = null;
  }

  async poll(timeoutMs) {
    this.release();
    const end = Date.now() + timeoutMs;
    while (!this.waiting.length && Date.now() < end) await driver.sleep(2);
    this.polled = this.waiting.shift() ?? null;
    return this.polled?.records ?? [];
  }

  assigned() {
    return this.partitions;
  }

  async commit() {
    const last = this.polled.records.at(-1);
    try {
      await this.consumer.commitOffsets([
        { topic: this.topic, partition: last.partition, offset: String(BigInt(last.offset) + 1n) },
      ]);
      return true;
    } catch (error) {
      if (REBALANCES.includes(kafkaError(error)?.code)) return false;
      throw error;
    } finally {
      this.release();
    }
  }

  async close() {
    this.release();
    await this.consumer.disconnect();
  }
}

async function join(bootstrap, group, topic, protocol) {
  if (protocol !== "classic") throw new Error(`the library has no ${protocol} protocol`);
  const member = new Member(bootstrap, group, topic);
  await member.start();
  return member;
}

async function admin(bootstrap, topic, group, steps) {
  await withAdmin(bootstrap, (client) =>
    tour(client, topic, group, steps, {
      produce: (messages) => produce(bootstrap, topic, messages, { compression: "none", backoff_ms: null }),
      join: (name) => join(bootstrap, name, topic, "classic"),
    }),
  );
}

const version = require("kafkajs/package.json").version;
driver.run({ version, errorName, createTopic, produce, read, join, admin });
