import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.AppInfoParser;

/** Answers the commands on standard input with the Java client; it translates and does no more. */
public final class Driver {
    private static final ObjectMapper JSON = new ObjectMapper();

    private KafkaConsumer<byte[], byte[]> member;

    public static void main(String[] arguments) throws Exception {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        Driver driver = new Driver();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Object answer;
            try {
                answer = driver.obey(JSON.readTree(line));
            } catch (Exception error) {
                answer = Map.of("error", String.valueOf(cause(error)));
            }
            out.write(JSON.writeValueAsBytes(answer));
            out.write('\n');
            out.flush();
        }
        System.exit(0);
    }

    private Object obey(JsonNode command) throws Exception {
        switch (command.get("do").asText()) {
            case "about":
                return Map.of("version", AppInfoParser.getVersion());
            case "create_topic":
                return createTopic(command);
            case "produce":
                return Map.of("deliveries", produce(command));
            case "read":
                return Map.of("records", read(command));
            case "join":
                return join(command);
            case "poll":
                return poll(command);
            case "commit":
                return Map.of("committed", commit());
            case "close":
                member.close();
                return Map.of();
            case "admin":
                String group = command.get("group").asText();
                String topic = command.get("topic").asText();
                return Map.of("steps", AdminTour.steps(config(command), topic, group));
            default:
                throw new IllegalArgumentException("unknown command " + command.get("do"));
        }
    }

    private static Map<String, Object> config(JsonNode command) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", command.get("bootstrap").asText());
        return config;
    }

    private static Object createTopic(JsonNode command) throws Exception {
        try (Admin admin = Admin.create(config(command))) {
            int partitions = command.get("partitions").asInt();
            NewTopic topic = new NewTopic(command.get("topic").asText(), partitions, (short) 1);
            admin.createTopics(List.of(topic)).all().get();
        }
        return Map.of();
    }

    private static List<Object> produce(JsonNode command) throws Exception {
        Map<String, Object> config = config(command);
        JsonNode settings = command.get("settings");
        config.put("enable.idempotence", true);
        config.put("acks", "all");
        config.put("compression.type", settings.get("compression").asText());
        set(config, settings.get("batch_bytes"), "batch.size");
        set(config, settings.get("linger_ms"), "linger.ms");
        set(config, settings.get("largest_message"), "max.request.size");
        set(config, settings.get("backoff_ms"), "retry.backoff.ms", "reconnect.backoff.ms");
        set(config, settings.get("request_timeout_ms"), "request.timeout.ms");
        set(config, settings.get("delivery_timeout_ms"), "delivery.timeout.ms");
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        List<Object> deliveries = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (JsonNode message : command.get("messages")) {
                JsonNode partition = message.get("partition");
                ProducerRecord<byte[], byte[]> record =
                        new ProducerRecord<>(
                                command.get("topic").asText(),
                                partition.isNull() ? null : partition.asInt(),
                                bytes(message.get("key")),
                                bytes(message.get("value")));
                for (JsonNode header : message.get("headers")) {
                    record.headers().add(header.get(0).asText(), bytes(header.get(1)));
                }
                sent.add(producer.send(record));
            }
            for (Future<RecordMetadata> future : sent) {
                deliveries.add(delivery(future));
            }
        }
        return deliveries;
    }

    private static void set(Map<String, Object> config, JsonNode value, String... names) {
        for (String name : names) {
            if (!value.isNull()) {
                config.put(name, value.asInt());
                // The longest wait grows with the shortest, which may not be above it.
                if (name.endsWith("backoff.ms")) {
                    config.put(name.replace("backoff.ms", "backoff.max.ms"), 4 * value.asInt());
                }
            }
        }
    }

    private static Map<String, Object> delivery(Future<RecordMetadata> future) throws Exception {
        try {
            RecordMetadata at = future.get();
            return Map.of("partition", at.partition(), "offset", at.offset());
        } catch (ExecutionException failed) {
            Throwable error = cause(failed);
            Map<String, Object> told = new HashMap<>();
            Errors code = Errors.forException(error);
            told.put("error_code", error instanceof ApiException ? (int) code.code() : null);
            told.put("error", String.valueOf(error));
            return told;
        }
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> config) {
        config.put("enable.auto.commit", false);
        config.put("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(
                config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static List<Object> read(JsonNode command) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (JsonNode partition : command.get("partitions")) {
            partitions.add(new TopicPartition(command.get("topic").asText(), partition.asInt()));
        }
        List<Object> records = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(config(command))) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(tp -> consumer.position(tp) < ends.get(tp))) {
                add(records, consumer.poll(Duration.ofMillis(200)));
            }
        }
        return records;
    }

    private Object join(JsonNode command) {
        Map<String, Object> config = config(command);
        config.put("group.id", command.get("group").asText());
        String protocol = command.get("protocol").asText();
        config.put("group.protocol", protocol);
        // With the protocol "consumer" the broker says how often a member has to be heard of.
        if (protocol.equals("classic")) {
            config.put("heartbeat.interval.ms", 200);
            config.put("session.timeout.ms", 10_000);
        }
        member = consumer(config);
        member.subscribe(List.of(command.get("topic").asText()));
        return Map.of();
    }

    private Object poll(JsonNode command) {
        List<Object> records = new ArrayList<>();
        add(records, member.poll(Duration.ofMillis(command.get("timeout_ms").asInt())));
        Collection<Integer> assigned = new ArrayList<>();
        member.assignment().forEach(partition -> assigned.add(partition.partition()));
        return Map.of("records", records, "assigned", assigned);
    }

    private boolean commit() {
        try {
            member.commitSync();
            return true;
        } catch (CommitFailedException | RebalanceInProgressException rebalancing) {
            return false;
        }
    }

    private static void add(List<Object> records, ConsumerRecords<byte[], byte[]> polled) {
        for (ConsumerRecord<byte[], byte[]> record : polled) {
            List<Object> headers = new ArrayList<>();
            for (Header header : record.headers()) {
                headers.add(pair(header.key(), header.value()));
            }
            Map<String, Object> told = new HashMap<>();
            told.put("partition", record.partition());
            told.put("offset", record.offset());
            told.put("key", record.key());
            told.put("value", record.value());
            told.put("headers", headers);
            records.add(told);
        }
    }

    private static List<Object> pair(String name, byte[] value) {
        List<Object> pair = new ArrayList<>();
        pair.add(name);
        pair.add(value);
        return pair;
    }

    private static byte[] bytes(JsonNode text) {
        return text.isNull() ? null : Base64.getDecoder().decode(text.asText());
    }

    private static Throwable cause(Throwable error) {
        return error instanceof ExecutionException ? error.getCause() : error;
    }
}
