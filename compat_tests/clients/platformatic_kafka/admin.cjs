// One walk through the admin client of @platformatic/kafka; the steps build on each other.
"use strict";

const TOPIC = 2; // the type of a topic in configs and ACLs

async function tour(admin, topic, group, steps, other) {
  await topics(admin, topic, steps);
  await records(admin, topic, steps, other);
  await configs(admin, topic, steps);
  await offsets(admin, topic, group, steps);
  await groups(admin, group, steps, other);
  await quotas(admin, group, steps);
  await acls(admin, topic, group, steps);
  await steps.step("delete topic", () => admin.deleteTopics({ topics: [topic] }));
  await steps.step("delete topic again", () => admin.deleteTopics({ topics: [topic] }));
}

async function topics(admin, topic, steps) {
  const wanted = (name, retention) => ({
    topics: [name],
    partitions: 2,
    replicas: 1,
    configs: [{ name: "retention.ms", value: retention }],
  });
  await steps.step("create topic", async () => {
    const [created] = await admin.createTopics(wanted(topic, "3600000"));
    return [created.partitions, created.replicas, created.configuration];
  });
  await steps.step("create topic again", async () => void (await admin.createTopics(wanted(topic, "3600000"))));
  await steps.step("create topic with a wrong config", async () => {
    await admin.createTopics(wanted(`${topic}-wrong`, "never"));
  });
  const partitions = (count) => admin.createPartitions({ topics: [{ name: topic, count, assignments: null }] });
  await steps.step("create partitions", () => partitions(4));
  await steps.step("fewer partitions", () => partitions(3));
  await steps.until(
    "metadata of the topic",
    (count) => count === 4,
    async () => {
      const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
      return metadata.topics.get(topic).partitionsCount;
    },
  );
  await steps.step("list topics", async () => (await admin.listTopics()).includes(topic));
  await steps.step("describe log dirs", async () => {
    const asked = [{ name: topic, partitions: [0, 1, 2, 3] }];
    const brokers = await admin.describeLogDirs({ topics: asked });
    const found = brokers.flatMap((broker) => broker.results).flatMap((dir) => dir.topics);
    return found.flatMap((one) => one.partitions).length;
  });
}

async function records(admin, topic, steps, other) {
  await steps.step("produce", async () => {
    const messages = Array.from({ length: 40 }, (_, i) => ({
      value: Buffer.from(String(i)),
      key: null,
      partition: i % 4,
      headers: [],
    }));
    const failed = (await other.produce(messages)).find((delivery) => delivery.error);
    if (failed) throw new Error(failed.error);
  });
  await steps.step("delete records", async () => {
    const asked = [{ name: topic, partitions: [{ partition: 0, offset: 3n }] }];
    const [deleted] = await admin.deleteRecords({ topics: asked });
    return deleted.partitions.map((one) => [one.partition, Number(one.lowWatermark)]);
  });
  for (const timestamp of [-2n, -1n]) {
    await steps.step(`list offsets at ${timestamp}`, async () => {
      const partitions = [0, 1, 2, 3].map((partitionIndex) => ({ partitionIndex, timestamp }));
      const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
      return found.partitions.map((one) => [one.partitionIndex, Number(one.offset)]).sort();
    });
  }
}

async function configs(admin, topic, steps) {
  const resource = { resourceType: TOPIC, resourceName: topic };
  const describe = async () => {
    const [found] = await admin.describeConfigs({
      resources: [{ ...resource, configurationKeys: null }],
      includeSynonyms: true,
    });
    return Object.fromEntries(found.configs.map((one) => [one.name, [one.value, one.configSource, one.configType]]));
  };
  const incremental = (validateOnly) =>
    admin.incrementalAlterConfigs({
      resources: [{ ...resource, configs: [{ name: "max.message.bytes", configOperation: 0, value: "1048576" }] }],
      validateOnly,
    });
  const is = (name, value) => (found) => found[name]?.[0] === value;
  await steps.step("validate configs", () => incremental(true));
  await steps.step("alter configs incrementally", () => incremental(false));
  await steps.until("describe configs", is("max.message.bytes", "1048576"), describe);
  await steps.step("alter configs as a whole", () =>
    admin.alterConfigs({ resources: [{ ...resource, configs: [{ name: "retention.ms", value: "7200000" }] }] }),
  );
  await steps.until("describe configs again", is("retention.ms", "7200000"), describe);
}

async function offsets(admin, topic, group, steps) {
  const list = async () => {
    const [found] = await admin.listConsumerGroupOffsets({ groups: [group] });
    return found.topics
      .flatMap((one) => one.partitions)
      .map((one) => [one.partitionIndex, Number(one.committedOffset), one.metadata])
      .sort();
  };
  const partitionOffsets = [0, 1, 2, 3].map((partition) => ({ partition, offset: 5n }));
  await steps.step("alter consumer group offsets", () =>
    admin.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionOffsets }] }),
  );
  await steps.step("list consumer group offsets", list);
  await steps.step("delete consumer group offsets", async () => {
    await admin.deleteConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionIndexes: [3] }] });
  });
  await steps.step("list consumer group offsets that are left", list);
}

async function groups(admin, group, steps, other) {
  for (const protocol of ["classic", "consumer"]) {
    const name = `${group}-${protocol}`;
    let member;
    await steps.step(`join a group, ${protocol}`, async () => {
      member = await other.join(name, protocol);
      for (const end = Date.now() + 15_000; member.assigned().length < 4 && Date.now() < end; ) await member.poll(50);
      return member.assigned();
    });
    await steps.step(`list groups, ${protocol}`, async () => {
      const found = (await admin.listGroups({ types: [protocol] })).get(name);
      return found && [found.state, found.protocolType, found.groupType ?? null];
    });
    await steps.step(`describe groups, ${protocol}`, async () => {
      const found = (await admin.describeGroups({ groups: [name] })).get(name);
      return [found.state, found.protocolType, found.protocol, found.members.size];
    });
    await steps.step(`delete a group with members, ${protocol}`, () => admin.deleteGroups({ groups: [name] }));
    await member?.close();
    await steps.step(`delete group, ${protocol}`, async () => void (await admin.deleteGroups({ groups: [name] })));
  }
  await steps.step("delete an unknown group", () => admin.deleteGroups({ groups: [`${group}-unknown`] }));
  await steps.step("find coordinator", async () => (await admin.findCoordinator({ keyType: 0, keys: [group] })).length);
}

async function quotas(admin, group, steps) {
  const alter = (remove) => async () => {
    const entities = [{ entityType: "client-id", entityName: group }];
    await admin.alterClientQuotas({
      entries: [{ entities, ops: [{ key: "producer_byte_rate", value: 1e9, remove }] }],
    });
  };
  const describe = async () => {
    const components = [{ entityType: "client-id", matchType: 0, match: group }];
    const found = await admin.describeClientQuotas({ components, strict: true });
    return found.flatMap((entry) => entry.values).map((value) => [value.key, value.value]);
  };
  await steps.step("alter client quotas", alter(false));
  await steps.until("describe client quotas", (found) => found.length > 0, describe);
  await steps.step("remove client quotas", alter(true));
  await steps.until("describe client quotas that are left", (found) => found.length === 0, describe);
}

// Apache Kafka without an authorizer refuses these: SECURITY_DISABLED.
async function acls(admin, topic, group, steps) {
  const acl = {
    resourceType: TOPIC,
    resourceName: topic,
    resourcePatternType: 3,
    principal: `User:${group}`,
    host: "*",
    operation: 3,
    permissionType: 3,
  };
  await steps.step("create ACLs", () => admin.createAcls({ creations: [acl] }));
  await steps.step("describe ACLs", async () => (await admin.describeAcls({ filter: acl })).length);
  await steps.step("delete ACLs", async () => (await admin.deleteAcls({ filters: [acl] })).length);
}

module.exports = { tour };
