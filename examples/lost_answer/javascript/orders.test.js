import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Kafka, logLevel } from "kafkajs";

import { startKafkaShim } from "./kafkashim.js";
import { OrderSender, TOPIC } from "./orders.js";

// The broker appends the first batch, and closes the connection instead of answering.
const LOST_ANSWER = { action: "drop_answer", api: "Produce", topic: "orders", times: 1 };

describe("when the answer of the broker is lost", { timeout: 60_000 }, () => {
  test("with idempotence each order is there once", async (t) => {
    const broker = await startKafkaShim(t);
    const fault = await broker.ask("/api/faults", LOST_ANSWER);

    await send(broker, ["tea", "milk", "bread"]);

    assert.equal((await broker.ask(`/api/faults/${fault.number}`)).fired, 1);
    const { decisions } = await broker.ask("/api/decisions?topic=orders");
    assert.deepEqual(
      decisions.map((decision) => decision.verdict),
      ["append", "duplicate", "append", "append"],
    );
    // The first batch came twice, with the same sequence: the second time it was only answered.
    const [first, again] = decisions;
    for (const same of ["producer_id", "first_sequence", "last_sequence", "offset"]) {
      assert.equal(again[same], first[same], same);
    }
    assert.deepEqual(await readBack(broker), ["tea", "milk", "bread"]);
  });

  test("without idempotence the first order is there twice", async (t) => {
    const broker = await startKafkaShim(t);
    const fault = await broker.ask("/api/faults", LOST_ANSWER);

    await send(broker, ["tea", "milk", "bread"], { idempotent: false });

    assert.equal((await broker.ask(`/api/faults/${fault.number}`)).fired, 1);
    // Nothing tells the broker that a batch came before, so that it decides nothing.
    assert.deepEqual((await broker.ask("/api/decisions?topic=orders")).decisions, []);
    assert.deepEqual(await readBack(broker), ["tea", "tea", "milk", "bread"]);
  });
});

async function send(broker, orders, options) {
  const sender = new OrderSender(broker.brokers, options);
  await sender.connect();
  try {
    for (const order of orders) await sender.send(order);
  } finally {
    await sender.close();
  }
}

/** Everything that the topic has, read by the client. */
async function readBack(broker) {
  const kafka = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const [{ high }] = await admin.fetchTopicOffsets(TOPIC);
  await admin.disconnect();

  const consumer = kafka.consumer({ groupId: "test" });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    const orders = [];
    await new Promise((done, failed) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error));
      const eachMessage = async ({ message }) => {
        orders.push(message.value.toString());
        if (Number(message.offset) === Number(high) - 1) done();
      };
      consumer.run({ eachMessage }).catch(failed);
    });
    return orders;
  } finally {
    await consumer.disconnect();
  }
}
