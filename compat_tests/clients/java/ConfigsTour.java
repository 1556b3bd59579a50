import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.ListConfigResourcesOptions;
import org.apache.kafka.common.config.ConfigResource;

/** The part of the tour with the configs of five kinds of resources. */
final class ConfigsTour {
    private final Tour tour;
    private final Admin admin;
    private final String topic;
    private final String group;
    private final String node;

    ConfigsTour(Tour tour, Admin admin, String topic, String group, String node) {
        this.tour = tour;
        this.admin = admin;
        this.topic = topic;
        this.group = group;
        this.node = node;
    }

    void walk() {
        ofTopics();
        ofOthers();
    }

    private static AlterConfigOp op(String name, String value, OpType type) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    private void alter(ConfigResource resource, boolean validate, AlterConfigOp... operations)
            throws Exception {
        AlterConfigsOptions options = new AlterConfigsOptions().validateOnly(validate);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(operations)), options).all().get();
    }

    /** What was set by somebody: value, source, sensitive, and the sources of its synonyms. */
    private Object changed(ConfigResource resource) throws Exception {
        DescribeConfigsOptions options = new DescribeConfigsOptions().includeSynonyms(true);
        Map<String, Object> told = new TreeMap<>();
        Collection<ConfigEntry> entries =
                admin.describeConfigs(List.of(resource), options)
                        .all()
                        .get()
                        .get(resource)
                        .entries();
        for (ConfigEntry entry : entries) {
            if (entry.source().name().startsWith("DYNAMIC")) {
                List<String> synonyms = new ArrayList<>();
                entry.synonyms().forEach(synonym -> synonyms.add(synonym.source().name()));
                told.put(
                        entry.name(),
                        List.of(
                                entry.value(),
                                entry.source().name(),
                                entry.type().name(),
                                entry.isSensitive(),
                                synonyms));
            }
        }
        return told;
    }

    private void ofTopics() {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        AlterConfigOp[] operations = {
            op("max.message.bytes", "1048576", OpType.SET),
            op("retention.ms", "", OpType.DELETE),
            op("cleanup.policy", "compact", OpType.APPEND),
        };
        tour.act("validate topic configs", () -> alter(resource, true, operations));
        tour.act("alter topic configs", () -> alter(resource, false, operations));
        tour.until(
                "describe topic configs",
                found -> ((Map<?, ?>) found).containsKey("max.message.bytes"),
                () -> changed(resource));
        tour.act(
                "take one of several values away",
                () -> alter(resource, false, op("cleanup.policy", "compact", OpType.SUBTRACT)));
        tour.until(
                "describe topic configs again",
                found -> !found.toString().contains("compact"),
                () -> changed(resource));
        tour.act(
                "alter a topic config to a wrong value",
                () -> alter(resource, false, op("max.message.bytes", "many", OpType.SET)));
        tour.act(
                "alter an unknown topic config",
                () -> alter(resource, false, op("no.such.config", "1", OpType.SET)));
        tour.act(
                "append to a config that is no list",
                () -> alter(resource, false, op("max.message.bytes", "1", OpType.APPEND)));
        ConfigResource unknown =
                new ConfigResource(ConfigResource.Type.TOPIC, topic + "-unknown");
        tour.step("describe an unknown topic's configs", () -> changed(unknown));
        tour.act(
                "alter an unknown topic's configs",
                () -> alter(unknown, false, op("max.message.bytes", "1", OpType.SET)));
    }

    private void ofOthers() {
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, node);
        tour.step(
                "describe broker configs",
                () -> {
                    Set<String> names = new TreeSet<>();
                    admin.describeConfigs(List.of(broker))
                            .all()
                            .get()
                            .get(broker)
                            .entries()
                            .forEach(entry -> names.add(entry.name()));
                    return names.size();
                });
        // The broker is asked by others at the same time.
        tour.act(
                "validate broker configs",
                () -> alter(broker, true, op("log.retention.bytes", "1048576", OpType.SET)));
        tour.act(
                "alter a fixed broker config",
                () -> alter(broker, true, op("node.id", "2", OpType.SET)));
        ConfigResource loggers = new ConfigResource(ConfigResource.Type.BROKER_LOGGER, node);
        tour.act(
                "alter an unknown logger",
                () -> alter(loggers, true, op("no.such.logger", "DEBUG", OpType.SET)));
        ConfigResource groups = new ConfigResource(ConfigResource.Type.GROUP, group);
        ConfigResource metrics = new ConfigResource(ConfigResource.Type.CLIENT_METRICS, group);
        changes("group", groups, "consumer.session.timeout.ms", "46000", "1");
        changes("client metrics", metrics, "interval.ms", "5000", "1");
    }

    private void changes(
            String what, ConfigResource resource, String name, String right, String wrong) {
        tour.act(
                "alter " + what + " configs",
                () -> alter(resource, false, op(name, right, OpType.SET)));
        tour.until(
                "describe " + what + " configs",
                found -> ((Map<?, ?>) found).containsKey(name),
                () -> changed(resource));
        tour.act(
                "alter " + what + " configs to a wrong value",
                () -> alter(resource, false, op(name, wrong, OpType.SET)));
        tour.step(
                "list resources with " + what + " configs",
                () ->
                        admin.listConfigResources(
                                        Set.of(resource.type()), new ListConfigResourcesOptions())
                                .all()
                                .get()
                                .contains(resource));
        tour.act(
                "delete " + what + " configs",
                () -> alter(resource, false, op(name, "", OpType.DELETE)));
        tour.until(
                "describe " + what + " configs that are left",
                found -> ((Map<?, ?>) found).isEmpty(),
                () -> changed(resource));
    }
}
