import { Kafka, logLevel } from "kafkajs";

export const TOPIC = "orders";

/** Sends orders to Kafka. */
export class OrderSender {
  #producer;

  /** Makes a sender; what is in `options` goes before its own options of the producer. */
  constructor(brokers, options = {}) {
    const kafka = new Kafka({ clientId: "orders", brokers, logLevel: logLevel.NOTHING });
    this.#producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, ...options });
  }

  async connect() {
    await this.#producer.connect();
  }

  /** Sends an order, and is done when it is acknowledged. */
  async send(order) {
    await this.#producer.send({ topic: TOPIC, acks: -1, messages: [{ value: order }] });
  }

  async close() {
    await this.#producer.disconnect();
  }
}
