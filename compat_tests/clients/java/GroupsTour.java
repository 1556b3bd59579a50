import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ClassicGroupDescription;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The part of the tour with groups of both kinds and their offsets. */
final class GroupsTour {
    private static final int PARTITIONS = 4;

    private final Tour tour;
    private final Admin admin;
    private final Map<String, Object> config;
    private final String topic;
    private final String group;

    GroupsTour(Tour tour, Admin admin, Map<String, Object> config, String topic, String group) {
        this.tour = tour;
        this.admin = admin;
        this.config = config;
        this.topic = topic;
        this.group = group;
    }

    void walk() {
        offsets();
        for (GroupType type : List.of(GroupType.CLASSIC, GroupType.CONSUMER)) {
            withMember(type);
        }
        tour.act("delete a group", () -> delete(group));
        tour.act("delete an unknown group", () -> delete(group));
        tour.step("describe an unknown group", () -> described(group));
        tour.step("describe an unknown classic group", () -> describedClassic(group));
        tour.act("delete offsets of an unknown group", () -> deleteOffsets(group, 3));
        tour.step("list offsets of an unknown group", () -> committed(group));
    }

    private TopicPartition partition(int number) {
        return new TopicPartition(topic, number);
    }

    private void offsets() {
        tour.act(
                "commit offsets",
                () -> {
                    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                    for (int number = 0; number < PARTITIONS; number++) {
                        offsets.put(partition(number), new OffsetAndMetadata(5, "a note"));
                    }
                    admin.alterConsumerGroupOffsets(group, offsets).all().get();
                });
        tour.step("list offsets", () -> committed(group));
        tour.step(
                "list offsets of several groups",
                () -> {
                    ListConsumerGroupOffsetsSpec one =
                            new ListConsumerGroupOffsetsSpec()
                                    .topicPartitions(List.of(partition(1)));
                    Map<String, ListConsumerGroupOffsetsSpec> wanted =
                            Map.of(group, one, group + "-unknown", one);
                    var found =
                            admin.listConsumerGroupOffsets(
                                    wanted,
                                    new ListConsumerGroupOffsetsOptions().requireStable(true));
                    return List.of(
                            told(found.partitionsToOffsetAndMetadata(group).get()),
                            told(found.partitionsToOffsetAndMetadata(group + "-unknown").get()));
                });
        tour.act("delete offsets", () -> deleteOffsets(group, 3));
        tour.act("delete offsets that are not there", () -> deleteOffsets(group, 3));
        tour.act(
                "commit an offset of an unknown partition",
                () ->
                        admin.alterConsumerGroupOffsets(
                                        group, Map.of(partition(77), new OffsetAndMetadata(1)))
                                .all()
                                .get());
        tour.step("list offsets that are left", () -> committed(group));
    }

    private void deleteOffsets(String name, int number) throws Exception {
        admin.deleteConsumerGroupOffsets(name, Set.of(partition(number))).all().get();
    }

    private Object committed(String name) throws Exception {
        return told(admin.listConsumerGroupOffsets(name).partitionsToOffsetAndMetadata().get());
    }

    private static Object told(Map<TopicPartition, OffsetAndMetadata> offsets) {
        Map<Integer, Object> told = new TreeMap<>();
        offsets.forEach(
                (at, offset) ->
                        told.put(
                                at.partition(),
                                offset == null
                                        ? "none"
                                        : List.of(
                                                offset.offset(),
                                                offset.metadata(),
                                                offset.leaderEpoch().orElse(-1))));
        return told;
    }

    private KafkaConsumer<byte[], byte[]> member(String name, GroupType type) {
        Map<String, Object> settings = new HashMap<>(config);
        settings.put("group.id", name);
        settings.put("group.instance.id", "first");
        settings.put("group.protocol", type.toString().toLowerCase(Locale.ROOT));
        settings.put("client.id", "member");
        settings.put("enable.auto.commit", false);
        settings.put("auto.offset.reset", "earliest");
        KafkaConsumer<byte[], byte[]> member =
                new KafkaConsumer<>(
                        settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        member.subscribe(List.of(topic));
        return member;
    }

    private void withMember(GroupType type) {
        String name = group + "-" + type;
        try (KafkaConsumer<byte[], byte[]> member = member(name, type)) {
            tour.until(
                    "join a group, " + type,
                    found -> found.equals(PARTITIONS),
                    () -> {
                        member.poll(Duration.ofMillis(50));
                        return member.assignment().size();
                    });
            tour.act("commit, " + type, member::commitSync);
            tour.until(
                    "describe a group, " + type,
                    found -> found.toString().contains("Stable"),
                    () -> described(name));
            tour.step("describe a classic group, " + type, () -> describedClassic(name));
            tour.step("list groups, " + type, () -> listed(name, type));
            tour.act("delete a group with members, " + type, () -> delete(name));
            tour.act("delete offsets in use, " + type, () -> deleteOffsets(name, 3));
            tour.act(
                    "commit for a group with members, " + type,
                    () ->
                            admin.alterConsumerGroupOffsets(
                                            name, Map.of(partition(1), new OffsetAndMetadata(5)))
                                    .all()
                                    .get());
            tour.act("remove an unknown member, " + type, () -> remove(name, "second"));
            tour.act("remove a member, " + type, () -> remove(name, "first"));
            tour.until(
                    "describe a group without members, " + type,
                    found -> found.toString().contains("Empty"),
                    () -> described(name));
        }
        tour.until(
                "list empty groups, " + type,
                found -> !found.toString().equals("[]"),
                () -> listed(name, type, GroupState.EMPTY));
        tour.act("delete a group, " + type, () -> delete(name));
    }

    private void remove(String name, String instance) throws Exception {
        Set<MemberToRemove> members = Set.of(new MemberToRemove(instance));
        admin.removeMembersFromConsumerGroup(
                        name, new RemoveMembersFromConsumerGroupOptions(members))
                .all()
                .get();
    }

    private void delete(String name) throws Exception {
        admin.deleteConsumerGroups(List.of(name)).all().get();
    }

    private Object described(String name) throws Exception {
        DescribeConsumerGroupsOptions options =
                new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true);
        ConsumerGroupDescription found =
                admin.describeConsumerGroups(List.of(name), options).all().get().get(name);
        List<Object> members = new ArrayList<>();
        for (MemberDescription member : found.members()) {
            members.add(
                    List.of(
                            member.groupInstanceId().orElse("none"),
                            member.clientId(),
                            partitions(member.assignment().topicPartitions()),
                            member.targetAssignment()
                                    .map(target -> partitions(target.topicPartitions()))
                                    .orElse(List.of()),
                            member.memberEpoch().isPresent(),
                            member.upgraded().map(String::valueOf).orElse("unknown")));
        }
        return List.of(
                found.groupState().toString(),
                found.type().toString(),
                found.partitionAssignor(),
                found.isSimpleConsumerGroup(),
                found.coordinator() != null,
                found.groupEpoch().isPresent(),
                new TreeSet<>(found.authorizedOperations()),
                members);
    }

    private static Object partitions(Set<TopicPartition> assigned) {
        Set<Integer> numbers = new TreeSet<>();
        assigned.forEach(at -> numbers.add(at.partition()));
        return new ArrayList<>(numbers);
    }

    private Object describedClassic(String name) throws Exception {
        ClassicGroupDescription found =
                admin.describeClassicGroups(List.of(name)).all().get().get(name);
        return List.of(
                found.state().toString(),
                found.protocol(),
                found.protocolData(),
                found.members().size());
    }

    private Object listed(String name, GroupType type, GroupState... states) throws Exception {
        ListGroupsOptions options =
                new ListGroupsOptions().withTypes(Set.of(type)).inGroupStates(Set.of(states));
        List<Object> told = new ArrayList<>();
        for (GroupListing listing : admin.listGroups(options).all().get()) {
            if (listing.groupId().equals(name)) {
                told.add(
                        List.of(
                                listing.type().map(String::valueOf).orElse("none"),
                                listing.protocol(),
                                listing.groupState().map(String::valueOf).orElse("none"),
                                listing.isSimpleConsumerGroup()));
            }
        }
        return told;
    }
}
