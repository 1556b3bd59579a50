import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.ReplicaInfo;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One walk through the admin client; its steps build on each other. */
final class AdminTour {
    private static final int PARTITIONS = 4;

    private final Tour tour;
    private final Admin admin;
    private final Map<String, Object> config;
    private final String topic;
    private final String group;

    private AdminTour(
            Tour tour, Admin admin, Map<String, Object> config, String topic, String group) {
        this.tour = tour;
        this.admin = admin;
        this.config = config;
        this.topic = topic;
        this.group = group;
    }

    static Map<String, Object> steps(Map<String, Object> config, String topic, String group) {
        Tour tour = new Tour();
        Map<String, Object> settings = new HashMap<>(config);
        settings.put("default.api.timeout.ms", 10_000);
        settings.put("request.timeout.ms", 10_000);
        try (Admin admin = Admin.create(settings)) {
            AdminTour guide = new AdminTour(tour, admin, config, topic, group);
            guide.cluster();
            guide.topics();
            guide.records();
            new ConfigsTour(tour, admin, topic, group, guide.node()).walk();
            new GroupsTour(tour, admin, config, topic, group).walk();
            guide.replicas();
            new SecurityTour(tour, admin, topic, group).walk();
            guide.producers();
            guide.deletions();
        }
        return tour.steps();
    }

    private void cluster() {
        tour.step(
                "describe the cluster",
                () -> {
                    DescribeClusterOptions options =
                            new DescribeClusterOptions()
                                    .includeAuthorizedOperations(true)
                                    .includeFencedBrokers(true);
                    DescribeClusterResult found = admin.describeCluster(options);
                    return List.of(
                            found.nodes().get().size(),
                            found.controller().get() != null,
                            new TreeSet<>(found.authorizedOperations().get()));
                });
        tour.step("describe features", () -> features(admin.describeFeatures().featureMetadata().get()));
        tour.act("update an unknown feature", () -> updateFeature("no.such.feature", 1));
        tour.act("update a feature too far", () -> updateFeature("group.version", 99));
        tour.step(
                "describe the quorum",
                () -> {
                    QuorumInfo quorum = admin.describeMetadataQuorum().quorumInfo().get();
                    return List.of(
                            quorum.voters().size(),
                            quorum.observers().size(),
                            quorum.leaderId() == quorum.voters().get(0).replicaId());
                });
    }

    private void updateFeature(String feature, int level) throws Exception {
        FeatureUpdate update = new FeatureUpdate((short) level, FeatureUpdate.UpgradeType.UPGRADE);
        UpdateFeaturesOptions options = new UpdateFeaturesOptions().validateOnly(true);
        admin.updateFeatures(Map.of(feature, update), options).all().get();
    }

    private static Object features(FeatureMetadata metadata) {
        Map<String, Object> found = new TreeMap<>();
        metadata.supportedFeatures()
                .forEach(
                        (name, range) ->
                                found.put(name, List.of(range.minVersion(), range.maxVersion())));
        Map<String, Object> finalized = new TreeMap<>();
        metadata.finalizedFeatures()
                .forEach((name, range) -> finalized.put(name, range.maxVersionLevel()));
        return List.of(found, finalized);
    }

    private void topics() {
        NewTopic wanted =
                new NewTopic(topic, 2, (short) 1).configs(Map.of("retention.ms", "3600000"));
        tour.step(
                "validate a topic",
                () -> created(wanted, new CreateTopicsOptions().validateOnly(true)));
        tour.step("create a topic", () -> created(wanted, new CreateTopicsOptions()));
        tour.step("create a topic again", () -> created(wanted, new CreateTopicsOptions()));
        NewTopic wrong = new NewTopic(topic + "-wrong", 2, (short) 1);
        tour.step(
                "create a topic with a wrong config",
                () ->
                        created(
                                wrong.configs(Map.of("retention.ms", "never")),
                                new CreateTopicsOptions()));
        tour.step(
                "create a topic on an unknown broker",
                () ->
                        created(
                                new NewTopic(topic + "-wrong", Map.of(0, List.of(4711))),
                                new CreateTopicsOptions()));
        tour.step(
                "create a topic with the broker's defaults",
                () ->
                        created(
                                new NewTopic(topic + "-more", Optional.empty(), Optional.empty()),
                                new CreateTopicsOptions()));
        tour.act("validate partitions", () -> partitions(PARTITIONS, true));
        tour.act("add partitions", () -> partitions(PARTITIONS, false));
        tour.act("add fewer partitions", () -> partitions(PARTITIONS - 1, false));
        tour.act(
                "add partitions on an unknown broker",
                () ->
                        admin.createPartitions(
                                        Map.of(
                                                topic,
                                                NewPartitions.increaseTo(
                                                        PARTITIONS + 1, List.of(List.of(4711)))))
                                .all()
                                .get());
        tour.until(
                "describe a topic",
                found -> ((List<?>) found).size() == PARTITIONS + 1,
                () -> described(TopicCollection.ofTopicNames(List.of(topic))));
        tour.step(
                "describe a topic by its id",
                () -> described(TopicCollection.ofTopicIds(List.of(id(topic)))));
        tour.step(
                "describe an unknown topic",
                () -> described(TopicCollection.ofTopicNames(List.of(topic + "-unknown"))));
        tour.step(
                "describe an unknown topic id",
                () -> described(TopicCollection.ofTopicIds(List.of(Uuid.randomUuid()))));
        tour.step(
                "list topics",
                () -> {
                    Set<String> names = new TreeSet<>(admin.listTopics().names().get());
                    names.removeIf(name -> !name.startsWith(topic));
                    return names.size();
                });
    }

    private Object created(NewTopic wanted, CreateTopicsOptions options) throws Exception {
        CreateTopicsResult result = admin.createTopics(List.of(wanted), options);
        String name = wanted.name();
        ConfigEntry retention = result.config(name).get().get("retention.ms");
        return List.of(
                result.numPartitions(name).get(),
                result.replicationFactor(name).get(),
                retention.source().name());
    }

    private void partitions(int count, boolean validate) throws Exception {
        CreatePartitionsOptions options = new CreatePartitionsOptions().validateOnly(validate);
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(count)), options).all().get();
    }

    private Uuid id(String name) throws Exception {
        return admin.describeTopics(List.of(name)).allTopicNames().get().get(name).topicId();
    }

    private Object described(TopicCollection wanted) throws Exception {
        DescribeTopicsOptions options =
                new DescribeTopicsOptions().includeAuthorizedOperations(true);
        Collection<TopicDescription> found;
        if (wanted instanceof TopicCollection.TopicIdCollection) {
            found = admin.describeTopics(wanted, options).allTopicIds().get().values();
        } else {
            found = admin.describeTopics(wanted, options).allTopicNames().get().values();
        }
        TopicDescription description = found.iterator().next();
        List<Object> told = new ArrayList<>();
        told.add(List.of(description.isInternal(), new TreeSet<>(description.authorizedOperations())));
        for (TopicPartitionInfo partition : description.partitions()) {
            told.add(
                    List.of(
                            partition.partition(),
                            partition.leader() != null,
                            partition.replicas().size(),
                            partition.isr().size(),
                            count(partition.elr()),
                            count(partition.lastKnownElr())));
        }
        return told;
    }

    /** Null where the answer has no such field. */
    private static Object count(List<Node> nodes) {
        return nodes == null ? "none" : nodes.size();
    }

    private TopicPartition partition(int number) {
        return new TopicPartition(topic, number);
    }

    private void records() {
        tour.act(
                "produce",
                () -> {
                    Map<String, Object> settings = new HashMap<>(config);
                    // One batch for each partition, so that a producer's last sequence is known.
                    settings.put("linger.ms", 100);
                    try (KafkaProducer<byte[], byte[]> producer =
                            new KafkaProducer<>(
                                    settings,
                                    new ByteArraySerializer(),
                                    new ByteArraySerializer())) {
                        for (int i = 0; i < 40; i++) {
                            byte[] value = String.valueOf(i).getBytes();
                            producer.send(
                                    new ProducerRecord<>(
                                            topic, i % PARTITIONS, 1000L + i, null, value));
                        }
                    }
                });
        logDirectories(Integer.parseInt(node()));
        tour.step("delete records", () -> deleted(3));
        tour.step("delete all records", () -> deleted(-1, 2));
        tour.step("delete records that are not there", () -> deleted(99));
        Map<String, Supplier<OffsetSpec>> specs = new TreeMap<>();
        specs.put("earliest offsets", OffsetSpec::earliest);
        specs.put("latest offsets", OffsetSpec::latest);
        specs.put("offsets of the newest records", OffsetSpec::maxTimestamp);
        specs.put("offsets by time", () -> OffsetSpec.forTimestamp(1020));
        specs.put("offsets by a time to come", () -> OffsetSpec.forTimestamp(4102444800000L));
        specs.put("local offsets", OffsetSpec::earliestLocal);
        specs.put("tiered offsets", OffsetSpec::latestTiered);
        specs.put("offsets to be tiered", OffsetSpec::earliestPendingUpload);
        specs.forEach(
                (name, spec) ->
                        tour.step(name, () -> offsets(spec.get(), IsolationLevel.READ_UNCOMMITTED)));
        tour.step(
                "latest committed offsets",
                () -> offsets(OffsetSpec.latest(), IsolationLevel.READ_COMMITTED));
    }

    private Object deleted(long before, int... others) throws Exception {
        int number = others.length == 0 ? 0 : others[0];
        Map<TopicPartition, RecordsToDelete> wanted =
                Map.of(partition(number), RecordsToDelete.beforeOffset(before));
        return admin.deleteRecords(wanted)
                .lowWatermarks()
                .get(partition(number))
                .get()
                .lowWatermark();
    }

    private Object offsets(OffsetSpec spec, IsolationLevel isolation) throws Exception {
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        for (int number = 0; number < PARTITIONS; number++) {
            wanted.put(partition(number), spec);
        }
        Map<TopicPartition, ListOffsetsResultInfo> found =
                admin.listOffsets(wanted, new ListOffsetsOptions(isolation)).all().get();
        List<Object> told = new ArrayList<>();
        for (int number = 0; number < PARTITIONS; number++) {
            ListOffsetsResultInfo info = found.get(partition(number));
            told.add(List.of(info.offset(), info.timestamp(), info.leaderEpoch().orElse(-1)));
        }
        return told;
    }

    private String node() {
        try {
            Collection<Node> nodes = admin.describeCluster().nodes().get();
            return nodes.iterator().next().idString();
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    private void replicas() {
        int broker = Integer.parseInt(node());
        elections();
        reassignments(broker);
        TopicPartitionReplica replica = new TopicPartitionReplica(topic, 0, broker);
        tour.step(
                "describe a replica's log directory",
                () -> {
                    var found = admin.describeReplicaLogDirs(List.of(replica)).all().get();
                    return List.of(
                            found.get(replica).getCurrentReplicaLogDir() != null,
                            found.get(replica).getFutureReplicaLogDir() != null);
                });
        tour.act(
                "move a replica to an unknown directory",
                () ->
                        admin.alterReplicaLogDirs(Map.of(replica, "/no/such/directory"))
                                .all()
                                .get());
    }

    private void logDirectories(int broker) {
        tour.step(
                "describe log directories",
                () -> {
                    Map<String, LogDirDescription> dirs =
                            admin.describeLogDirs(List.of(broker))
                                    .allDescriptions()
                                    .get()
                                    .get(broker);
                    Map<Integer, Object> told = new TreeMap<>();
                    for (LogDirDescription dir : dirs.values()) {
                        Map<TopicPartition, ReplicaInfo> replicas = dir.replicaInfos();
                        replicas.forEach(
                                (at, replica) -> {
                                    if (at.topic().equals(topic)) {
                                        told.put(
                                                at.partition(),
                                                List.of(
                                                        replica.size() > 0,
                                                        replica.offsetLag(),
                                                        replica.isFuture()));
                                    }
                                });
                    }
                    return List.of(dirs.size(), told);
                });
    }

    private void elections() {
        for (ElectionType type : ElectionType.values()) {
            tour.step(
                    "elect leaders, " + type,
                    () -> {
                        Set<TopicPartition> wanted =
                                Set.of(partition(0), partition(1), new TopicPartition("-", 0));
                        Map<String, Object> told = new TreeMap<>();
                        admin.electLeaders(type, wanted)
                                .partitions()
                                .get()
                                .forEach(
                                        (at, error) ->
                                                told.put(
                                                        at.toString().replace(topic, "topic"),
                                                        error.map(Tour::name).orElse("elected")));
                        return told;
                    });
        }
        tour.step(
                "elect all leaders",
                () -> admin.electLeaders(ElectionType.PREFERRED, null).partitions().get().size());
    }

    private void reassignments(int broker) {
        Map<String, Optional<NewPartitionReassignment>> wanted = new TreeMap<>();
        wanted.put(
                "reassign a partition",
                Optional.of(new NewPartitionReassignment(List.of(broker))));
        wanted.put(
                "reassign a partition to an unknown broker",
                Optional.of(new NewPartitionReassignment(List.of(4711))));
        wanted.put("cancel no reassignment", Optional.empty());
        wanted.forEach(
                (name, target) ->
                        tour.act(
                                name,
                                () ->
                                        admin.alterPartitionReassignments(
                                                        Map.of(partition(0), target))
                                                .all()
                                                .get()));
        tour.step(
                "list reassignments",
                () ->
                        admin.listPartitionReassignments(Set.of(partition(0)))
                                .reassignments()
                                .get()
                                .size());
    }

    private void producers() {
        tour.step(
                "describe producers",
                () -> {
                    List<Object> told = new ArrayList<>();
                    admin.describeProducers(List.of(partition(1)))
                            .partitionResult(partition(1))
                            .get()
                            .activeProducers()
                            .forEach(
                                    producer ->
                                            told.add(
                                                    List.of(
                                                            producer.producerEpoch(),
                                                            producer.lastSequence(),
                                                            producer.currentTransactionStartOffset()
                                                                    .orElse(-1))));
                    return told;
                });
        tour.step(
                "list transactions",
                () ->
                        admin.listTransactions(
                                        new ListTransactionsOptions()
                                                .filterProducerIds(List.of(1L << 60)))
                                .all()
                                .get()
                                .size());
        tour.act("fence producers", () -> admin.fenceProducers(List.of(group)).all().get());
    }

    private void deletions() {
        tour.act(
                "delete a topic by its id",
                () -> {
                    List<Uuid> ids = List.of(id(topic + "-more"));
                    admin.deleteTopics(TopicCollection.ofTopicIds(ids)).all().get();
                });
        tour.act("delete a topic", () -> admin.deleteTopics(List.of(topic)).all().get());
        tour.act("delete a topic again", () -> admin.deleteTopics(List.of(topic)).all().get());
        tour.act(
                "delete an unknown topic id",
                () ->
                        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(Uuid.randomUuid())))
                                .all()
                                .get());
    }
}
