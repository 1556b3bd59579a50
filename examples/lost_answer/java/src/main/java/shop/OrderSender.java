package shop;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends orders to Kafka. */
public final class OrderSender implements AutoCloseable {
    public static final String TOPIC = "orders";

    private final Producer<String, String> producer;

    /** Makes a sender; what is in {@code config} goes before its own configuration. */
    public OrderSender(Map<String, Object> config) {
        Map<String, Object> all = new HashMap<>();
        all.put(ProducerConfig.ACKS_CONFIG, "all");
        all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        all.putAll(config);
        producer = new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    /** Sends an order, and returns when it is acknowledged. */
    public void send(String order) throws ExecutionException, InterruptedException {
        producer.send(new ProducerRecord<>(TOPIC, order)).get();
    }

    @Override
    public void close() {
        producer.close();
    }
}
