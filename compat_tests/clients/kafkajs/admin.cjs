// One walk through the admin client of kafkajs; the steps build on each other.
"use strict";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } =
  require("kafkajs");

const TOPIC_CONFIG = 1; // the source of a value that was set for the topic itself

async function tour(admin, topic, group, steps, other) {
  await topics(admin, topic, steps);
  await records(admin, topic, steps, other);
  await configs(admin, topic, steps);
  await offsets(admin, topic, group, steps);
  await groups(admin, group, steps, other);
  await reassignments(admin, topic, steps);
  await acls(admin, topic, group, steps);
  await steps.step("delete topic", () => admin.deleteTopics({ topics: [topic] }));
  await steps.step("delete topic again", () => admin.deleteTopics({ topics: [topic] }));
}

async function topics(admin, topic, steps) {
  const wanted = (retention) => ({
    topic,
    numPartitions: 2,
    replicationFactor: 1,
    configEntries: [{ name: "retention.ms", value: retention }],
  });
  await steps.step("describe cluster", async () => (await admin.describeCluster()).brokers.length);
  await steps.step("validate topic", () => 
    admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: [wanted("3600000")] }));
  await steps.step("create topic", () => admin.createTopics({ topics: [wanted("3600000")] }));
  await steps.step("create topic again", () => admin.createTopics({ topics: [wanted("3600000")] }));
  await steps.step("create topic with a wrong config", () =>
    admin.createTopics({ topics: [{ ...wanted("never"), topic: `${topic}-wrong` }] }),
  );
  await steps.step("create partitions", () => admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] }));
  await steps.step("fewer partitions", () => admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }));
  await steps.until(
    "topic metadata",
    (found) => found.length === 4,
    async () => {
      const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
      const partitions = metadata.topics[0].partitions.sort((a, b) => a.partitionId - b.partitionId);
      return partitions.map((p) => [p.partitionId, p.partitionErrorCode, p.replicas.length, p.isr.length]);
    },
  );
  await steps.step("list topics", async () => (await admin.listTopics()).includes(topic));
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
  await steps.step("delete records", () =>
    admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "3" }] }),
  );
  const sorted = (found) => found.sort((a, b) => a.partition - b.partition);
  await steps.step("topic offsets", async () =>
    sorted(await admin.fetchTopicOffsets(topic)).map((p) => [p.partition, p.low, p.high, p.offset]),
  );
  await steps.step("topic offsets by time", async () =>
    sorted(await admin.fetchTopicOffsetsByTimestamp(topic, 1)).map((p) => [p.partition, p.offset]),
  );
}

async function configs(admin, topic, steps) {
  const describe = async () => {
    const answer = await admin.describeConfigs({
      includeSynonyms: true,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    });
    const found = {};
    for (const entry of answer.resources[0].configEntries) {
      found[entry.configName] = [entry.configValue, entry.configSource, entry.configSynonyms.length];
    }
    return found;
  };
  const alter = (validateOnly, retention) =>
    admin.alterConfigs({
      validateOnly,
      resources: [
        { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: "retention.ms", value: retention }] },
      ],
    });
  await steps.step("describe configs", describe);
  await steps.step("validate configs", async () => void (await alter(true, "7200000")));
  await steps.step("alter configs", async () => void (await alter(false, "7200000")));
  await steps.step("alter configs wrongly", async () => void (await alter(false, "never")));
  const altered = (found) => found["retention.ms"]?.[0] === "7200000" && found["retention.ms"][1] === TOPIC_CONFIG;
  await steps.until("describe configs again", altered, describe);
}

async function offsets(admin, topic, group, steps) {
  const fetch = async () => {
    const found = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    return found[0].partitions.sort((a, b) => a.partition - b.partition).map((p) => [p.partition, p.offset, p.metadata]);
  };
  const partitions = [0, 1, 2, 3].map((partition) => ({ partition, offset: "5" }));
  await steps.step("set offsets", () => admin.setOffsets({ groupId: group, topic, partitions }));
  await steps.step("fetch offsets", fetch);
  await steps.step("reset offsets", () => admin.resetOffsets({ groupId: group, topic, earliest: true }));
  await steps.step("fetch offsets again", fetch);
}

async function groups(admin, group, steps, other) {
  const name = `${group}-joined`;
  let member;
  await steps.step("join a group", async () => {
    member = await other.join(name);
    for (const end = Date.now() + 15_000; member.assigned().length < 4 && Date.now() < end; ) await member.poll(50);
    return member.assigned();
  });
  await steps.step("list groups", async () => {
    const found = (await admin.listGroups()).groups.filter((g) => g.groupId === name);
    return found.map((g) => g.protocolType);
  });
  await steps.step("describe groups", async () => {
    const [found] = (await admin.describeGroups([name])).groups;
    return [found.state, found.protocolType, found.protocol, found.members.length];
  });
  await steps.step("delete a group with members", async () => void (await admin.deleteGroups([name])));
  await member?.close();
  await steps.step("delete groups", async () => void (await admin.deleteGroups([name, group])));
  await steps.step("delete an unknown group", async () => void (await admin.deleteGroups([name])));
}

async function reassignments(admin, topic, steps) {
  await steps.step("reassign partitions", async () => {
    const { controller } = await admin.describeCluster();
    await admin.alterPartitionReassignments({
      topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [controller] }] }],
    });
  });
  await steps.step("list reassignments", async () => {
    const found = await admin.listPartitionReassignments({ topics: [{ topic, partitions: [0, 1] }] });
    return found.topics.length;
  });
}

// Apache Kafka without an authorizer refuses these: SECURITY_DISABLED.
async function acls(admin, topic, group, steps) {
  const acl = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${group}`,
    host: "*",
    operation: AclOperationTypes.READ,
    permissionType: AclPermissionTypes.ALLOW,
  };
  await steps.step("create ACLs", async () => void (await admin.createAcls({ acl: [acl] })));
  await steps.step("describe ACLs", async () => (await admin.describeAcls(acl)).resources.length);
  await steps.step("delete ACLs", async () => (await admin.deleteAcls({ filters: [acl] })).filterResponses.length);
}

module.exports = { tour };
