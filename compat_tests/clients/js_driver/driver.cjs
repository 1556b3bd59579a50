// The side of the driver protocol that both JavaScript clients share: JSON lines in and out.
"use strict";

const readline = require("node:readline");

const decode = (text) => (text === null || text === undefined ? null : Buffer.from(text, "base64"));
const encode = (bytes) => (bytes === null || bytes === undefined ? null : Buffer.from(bytes).toString("base64"));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** The outcome of each step of an admin client: "ok", plain data without ids and times, or "error: ...". */
class Tour {
  constructor(errorName) {
    this.errorName = errorName;
    this.steps = {};
  }

  async step(name, run) {
    try {
      const outcome = await run();
      this.steps[name] = outcome === undefined ? "ok" : outcome;
    } catch (error) {
      this.steps[name] = `error: ${this.errorName(error)}`;
    }
  }

  /** Asks again, for up to five seconds: a broker learns a change a moment after it was answered. */
  async until(name, settled, run) {
    await this.step(name, async () => {
      const end = Date.now() + 5000;
      for (;;) {
        const outcome = await run();
        if (settled(outcome) || Date.now() > end) return outcome;
        await sleep(20);
      }
    });
  }
}

function message(given) {
  return {
    value: decode(given.value),
    key: decode(given.key),
    partition: given.partition,
    headers: given.headers.map(([name, value]) => [name, decode(value)]),
  };
}

function record({ partition, offset, key, value, headers }) {
  return {
    partition,
    offset: Number(offset),
    key: encode(key),
    value: encode(value),
    headers: headers.map(([name, bytes]) => [String(name), encode(bytes)]),
  };
}

/** Answers the commands on standard input until it ends. */
async function run(client) {
  let member = null;
  const commands = {
    about: async () => ({ version: client.version }),
    create_topic: async (c) => (await client.createTopic(c.bootstrap, c.topic, c.partitions), {}),
    produce: async (c) => ({
      deliveries: await client.produce(c.bootstrap, c.topic, c.messages.map(message), c.settings),
    }),
    read: async (c) => ({ records: (await client.read(c.bootstrap, c.topic, c.partitions)).map(record) }),
    join: async (c) => ((member = await client.join(c.bootstrap, c.group, c.topic, c.protocol)), {}),
    poll: async (c) => {
      const records = await member.poll(c.timeout_ms);
      return { records: records.map(record), assigned: member.assigned() };
    },
    commit: async () => ({ committed: await member.commit() }),
    close: async () => (await member.close(), {}),
    admin: async (c) => {
      const tour = new Tour(client.errorName);
      await client.admin(c.bootstrap, c.topic, c.group, tour);
      return { steps: tour.steps };
    },
  };
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const command = JSON.parse(line);
    let answer;
    try {
      answer = await commands[command.do](command);
    } catch (error) {
      answer = { error: String(error?.stack ?? error) };
    }
    await new Promise((done) => process.stdout.write(`${JSON.stringify(answer)}\n`, done));
  }
  process.exit(0);
}

module.exports = { run, sleep };
