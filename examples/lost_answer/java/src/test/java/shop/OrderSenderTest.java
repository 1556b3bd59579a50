package shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisplayName("When the answer of the broker is lost")
@Timeout(30)
class OrderSenderTest {
    @RegisterExtension final KafkaShim broker = new KafkaShim();

    private int fault;

    @BeforeEach
    void loseAnAnswer() {
        // The broker appends the first batch, and closes the connection instead of answering.
        String lost =
                """
                {"action": "drop_answer", "api": "Produce", "topic": "orders", "times": 1}
                """;
        fault = broker.post("/api/faults", lost).get("number").asInt();
    }

    @Test
    @DisplayName("with idempotence each order is there once")
    void withIdempotenceEachOrderIsThereOnce() throws Exception {
        send(Map.of("bootstrap.servers", broker.bootstrapServers()), "tea", "milk", "bread");

        assertEquals(1, broker.get("/api/faults/" + fault).get("fired").asInt());
        JsonNode decisions = broker.get("/api/decisions?topic=orders").get("decisions");
        assertEquals(
                List.of("append", "duplicate", "append", "append"),
                decisions.findValuesAsText("verdict"));
        // The first batch came twice, with the same sequence: the second time it was only answered.
        JsonNode first = decisions.get(0);
        JsonNode again = decisions.get(1);
        for (String same : List.of("producer_id", "first_sequence", "last_sequence", "offset")) {
            assertEquals(first.get(same), again.get(same), same);
        }
        assertEquals(List.of("tea", "milk", "bread"), readBack());
    }

    @Test
    @DisplayName("without idempotence the first order is there twice")
    void withoutIdempotenceTheFirstOrderIsThereTwice() throws Exception {
        send(
                Map.of(
                        "bootstrap.servers", broker.bootstrapServers(),
                        "enable.idempotence", false),
                "tea", "milk", "bread");

        assertEquals(1, broker.get("/api/faults/" + fault).get("fired").asInt());
        // Nothing tells the broker that a batch came before, so that it decides nothing.
        assertEquals(0, broker.get("/api/decisions?topic=orders").get("decisions").size());
        assertEquals(List.of("tea", "tea", "milk", "bread"), readBack());
    }

    private static void send(Map<String, Object> config, String... orders) throws Exception {
        try (var sender = new OrderSender(config)) {
            for (String order : orders) {
                sender.send(order);
            }
        }
    }

    /** Everything that the topic has, read by the client. */
    private List<String> readBack() {
        Map<String, Object> config = Map.of("bootstrap.servers", broker.bootstrapServers());
        var text = new StringDeserializer();
        try (var consumer = new KafkaConsumer<>(config, text, text)) {
            var partition = new TopicPartition("orders", 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            List<String> orders = new ArrayList<>();
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofSeconds(1)).forEach(record -> orders.add(record.value()));
            }
            return orders;
        }
    }
}
