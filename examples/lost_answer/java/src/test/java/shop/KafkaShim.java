package shop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A Kafka broker of its own for each test: {@code @RegisterExtension KafkaShim broker = new KafkaShim();}
 *
 * <p>It runs the command {@code kafkashim}, or what the environment variable KAFKASHIM names, on ports
 * that the operating system chooses. A test that fails has the broker's output in its report.
 */
final class KafkaShim implements BeforeEachCallback, AfterEachCallback {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String STARTED = "Kafka Server started";
    private static final Pattern KAFKA = Pattern.compile("Listening on (\\S+:\\d+)");
    private static final Pattern HTTP = Pattern.compile("HTTP API on (http://\\S+)");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient client = HttpClient.newHttpClient();
    private final StringBuffer output = new StringBuffer();
    private Process process;
    private Thread reader;
    private Thread hook;
    private String bootstrapServers;
    private String url;

    /** The address for {@code bootstrap.servers}. */
    String bootstrapServers() {
        return bootstrapServers;
    }

    /** Gets a path of the HTTP API, such as {@code /api/decisions}. */
    JsonNode get(String path) {
        return answer(HttpRequest.newBuilder(URI.create(url + path)));
    }

    /** Posts JSON to a path of the HTTP API, such as {@code /api/faults}. */
    JsonNode post(String path, String json) {
        return answer(
                HttpRequest.newBuilder(URI.create(url + path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(json)));
    }

    private JsonNode answer(HttpRequest.Builder request) {
        try {
            var response = client.send(request.timeout(PATIENCE).build(), BodyHandlers.ofString());
            if (response.statusCode() >= 300) {
                throw new IllegalStateException(response + ": " + response.body());
            }
            return JSON.readTree(response.body());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(error);
        }
    }

    @Override
    public void beforeEach(ExtensionContext test) throws Exception {
        String command = System.getenv().getOrDefault("KAFKASHIM", "kafkashim");
        output.setLength(0);
        process =
                new ProcessBuilder(
                                command, "serve", "--port", "0", "--http", "0",
                                // Kafka lets the first member of a group wait 3 s for others.
                                "--override", "group.initial.rebalance.delay.ms=0")
                        .redirectErrorStream(true)
                        .start();
        // For a JVM that ends in the middle of a test.
        hook = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(hook);
        var started = new CompletableFuture<Boolean>();
        // It is read to the end: a process whose output nobody takes comes to a halt.
        reader = new Thread(() -> read(process.inputReader(), started));
        reader.setDaemon(true);
        reader.start();
        try {
            if (!started.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException(command + " ended:\n" + output);
            }
            bootstrapServers = find(KAFKA);
            url = find(HTTP);
        } catch (TimeoutException error) {
            throw new IllegalStateException(command + " did not start:\n" + output, error);
        } finally {
            if (url == null) {
                stop();
            }
        }
    }

    private void read(BufferedReader lines, CompletableFuture<Boolean> started) {
        try (lines) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.append(line).append('\n');
                if (line.contains(STARTED)) {
                    started.complete(true);
                }
            }
        } catch (IOException error) {
            output.append(error).append('\n');
        }
        started.complete(false);
    }

    private String find(Pattern pattern) {
        Matcher found = pattern.matcher(output);
        if (!found.find()) {
            throw new IllegalStateException("no '" + pattern + "' in:\n" + output);
        }
        return found.group(1);
    }

    /** Ends the broker, also after a test that failed. */
    @Override
    public void afterEach(ExtensionContext test) throws InterruptedException {
        if (process == null) {
            return; // It did not start.
        }
        stop();
        if (test.getExecutionException().isPresent()) {
            System.out.println("kafkashim:\n" + output);
        }
    }

    private void stop() throws InterruptedException {
        // Everything it has is in memory: there is nothing to be written down at the end.
        process.destroyForcibly().waitFor();
        process = null;
        url = null;
        reader.join(PATIENCE.toMillis());
        Runtime.getRuntime().removeShutdownHook(hook);
    }
}
