import { spawn } from "node:child_process";

const PATIENCE_MS = 30_000;

/**
 * Starts a Kafka broker that ends with the test `t`, however that ends. A test that fails reports
 * the broker's output.
 *
 * It runs the command kafkashim, or what the environment variable KAFKASHIM names, on ports that
 * the operating system chooses.
 *
 * @param {import("node:test").TestContext} t
 */
export async function startKafkaShim(t) {
  const command = process.env.KAFKASHIM ?? "kafkashim";
  const options = ["--port", "0", "--http", "0"];
  // Kafka lets the first member of a group wait 3 s for others.
  options.push("--override", "group.initial.rebalance.delay.ms=0");
  const broker = spawn(command, ["serve", ...options], { stdio: ["ignore", "pipe", "pipe"] });

  // Everything it has is in memory: it is killed, there is nothing to be written down.
  const kill = () => broker.kill("SIGKILL");
  // For a process that ends in the middle of a test, or is ended by --test-timeout.
  const leave = () => process.exit(1);
  process.once("exit", kill).once("SIGTERM", leave);
  const ended = new Promise((done) => broker.once("close", done).once("error", done));
  let output = "";
  t.after(async () => {
    kill();
    await ended;
    process.off("exit", kill).off("SIGTERM", leave);
    if (!t.passed) console.log(`${command}:\n${output}`);
  });

  await new Promise((started, failed) => {
    const fail = (why) => failed(new Error(`${command} ${why}`));
    // It is read to the end: a process whose output nobody takes comes to a halt.
    for (const stream of [broker.stdout, broker.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        if (output.includes("Kafka Server started")) started();
      });
    }
    broker.once("error", () => fail("cannot be run: is it installed, or KAFKASHIM set?"));
    broker.once("close", (status) => fail(`ended with ${status}`));
    setTimeout(() => fail(`did not start in ${PATIENCE_MS} ms`), PATIENCE_MS).unref();
  });
  const [, address] = output.match(/Listening on (\S+:\d+)/);
  const [, url] = output.match(/HTTP API on (http:\S+)/);

  /** Asks the HTTP API for a path such as /api/decisions; with a body it is posted. */
  async function ask(path, body) {
    const request = body && {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await fetch(url + path, request);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  return { brokers: [address], ask };
}
