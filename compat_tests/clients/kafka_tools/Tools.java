import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.common.utils.Exit;
import org.slf4j.LoggerFactory;

/**
 * Runs many command-line tools in one JVM, each by its own {@code main}, and tells the exit status and
 * what was written to both outputs.
 *
 * <p>A tool lives in a thread group, by which its output is told from that of others. The tools leave
 * through {@link Exit}, which lets the end of the process be replaced: the thread that exits stops
 * there for ever, as it does when a process ends.
 */
public final class Tools {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int UNCAUGHT = 1;
    private static final long SHUTDOWN_MS = 10_000;

    private static final Map<String, Apart> RUNNING = new HashMap<>();

    private static final class Tool extends ThreadGroup {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        private final List<Runnable> hooks = new ArrayList<>();
        private final CountDownLatch ended = new CountDownLatch(1);
        private Integer status;

        Tool(String name) {
            super(name);
        }

        void start(String[] arguments) {
            Thread main = new Thread(this, () -> run(arguments), getName());
            main.setDaemon(true);
            main.start();
        }

        private void run(String[] arguments) {
            try {
                Class.forName(getName())
                        .getMethod("main", String[].class)
                        .invoke(null, (Object) arguments);
                end(0);
            } catch (InvocationTargetException uncaught) {
                uncaught.getCause().printStackTrace();
                end(UNCAUGHT);
            } catch (ReflectiveOperationException noSuchTool) {
                noSuchTool.printStackTrace();
                end(UNCAUGHT);
            }
        }

        /** The first call is the one that counts. */
        synchronized void end(int with) {
            if (status == null) {
                status = with;
                ended.countDown();
            }
        }

        synchronized void hook(Runnable hook) {
            hooks.add(hook);
        }

        boolean await(long ms) throws InterruptedException {
            return ended.await(ms, TimeUnit.MILLISECONDS);
        }

        private synchronized List<Runnable> takeHooks() {
            List<Runnable> taken = new ArrayList<>(hooks);
            hooks.clear();
            return taken;
        }

        /** What a JVM does when it ends: all hooks at once, and then nothing more. */
        private void shutDown() throws InterruptedException {
            List<Thread> threads = new ArrayList<>();
            for (Runnable hook : takeHooks()) {
                Thread thread = new Thread(this, hook, "hook");
                thread.setDaemon(true);
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join(SHUTDOWN_MS);
            }
        }

        Map<String, Object> outcome(long ms) throws InterruptedException {
            boolean inTime = await(ms);
            shutDown();
            Map<String, Object> told = new HashMap<>();
            told.put("exit", inTime ? status : null);
            told.put("out", out.toString(StandardCharsets.UTF_8));
            told.put("err", err.toString(StandardCharsets.UTF_8));
            return told;
        }
    }

    private static Tool current() {
        for (ThreadGroup group = Thread.currentThread().getThreadGroup();
                group != null;
                group = group.getParent()) {
            if (group instanceof Tool) {
                return (Tool) group;
            }
        }
        return null;
    }

    /** Writes to the output of the tool that the thread belongs to. */
    private static PrintStream divided(PrintStream others, boolean out) {
        OutputStream stream =
                new OutputStream() {
                    private OutputStream target() {
                        Tool tool = current();
                        if (tool == null) {
                            return others;
                        }
                        return out ? tool.out : tool.err;
                    }

                    @Override
                    public void write(int one) throws IOException {
                        target().write(one);
                    }

                    @Override
                    public void write(byte[] bytes, int from, int count)
                            throws IOException {
                        target().write(bytes, from, count);
                    }
                };
        return new PrintStream(stream, true, StandardCharsets.UTF_8);
    }

    private static void leave(int status) {
        Tool tool = current();
        if (tool != null) {
            tool.end(status);
        }
        while (true) {
            try {
                Thread.sleep(Long.MAX_VALUE);
            } catch (InterruptedException again) {
                continue;
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = System.out;
        // The logger keeps the error stream that it finds: what is logged is not a tool's output.
        LoggerFactory.getLogger(Tools.class).debug("ready");
        System.setOut(divided(System.err, true));
        System.setErr(divided(System.err, false));
        Exit.setExitProcedure((status, message) -> leave(status));
        Exit.setHaltProcedure((status, message) -> leave(status));
        Exit.setShutdownHookAdder(
                (name, hook) -> {
                    Tool tool = current();
                    if (tool != null) {
                        tool.hook(hook);
                    }
                });
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Object answer;
            try {
                answer = obey(JSON.readTree(line));
            } catch (Exception error) {
                answer = Map.of("error", String.valueOf(error));
            }
            out.write(JSON.writeValueAsBytes(answer));
            out.write('\n');
            out.flush();
        }
        for (Apart left : RUNNING.values()) {
            left.terminate();
        }
        Runtime.getRuntime().halt(0);
    }

    private static Object obey(JsonNode command) throws Exception {
        switch (command.get("do").asText()) {
            case "about":
                return Map.of("version", AppInfoParser.getVersion());
            case "run":
                return started(command).outcome(command.get("timeout_ms").asLong());
            case "run_apart":
                return new Apart(command).outcome(command.get("timeout_ms").asLong());
            case "start":
                Apart apart = new Apart(command);
                RUNNING.put(command.get("name").asText(), apart);
                apart.until(command.get("until").asText(), command.get("timeout_ms").asLong());
                return Map.of();
            case "stop":
                return RUNNING.remove(command.get("name").asText()).terminate();
            default:
                throw new IllegalArgumentException("unknown command " + command.get("do"));
        }
    }

    private static Tool started(JsonNode command) {
        List<String> arguments = new ArrayList<>();
        command.get("arguments").forEach(argument -> arguments.add(argument.asText()));
        byte[] typed = command.get("stdin").asText().getBytes(StandardCharsets.UTF_8);
        System.setIn(new ByteArrayInputStream(typed));
        Tool tool = new Tool(command.get("tool").asText());
        tool.start(arguments.toArray(new String[0]));
        return tool;
    }

    /** A process of its own, for a tool that ends it without {@link Exit} or has hooks of it. */
    private static final class Apart {
        private final Path out = Files.createTempFile("tool", ".out");
        private final Path err = Files.createTempFile("tool", ".err");
        private final Process process;

        Apart(JsonNode command) throws IOException {
            List<String> words = new ArrayList<>();
            words.add(System.getProperty("java.home") + "/bin/java");
            words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
            words.addAll(List.of("-cp", System.getProperty("java.class.path")));
            words.add(command.get("tool").asText());
            command.get("arguments").forEach(argument -> words.add(argument.asText()));
            ProcessBuilder builder = new ProcessBuilder(words);
            builder.redirectOutput(out.toFile()).redirectError(err.toFile());
            process = builder.start();
            process.getOutputStream().close();
        }

        void until(String text, long ms) throws Exception {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
            while (!Files.readString(out).contains(text)) {
                boolean ended = process.waitFor(20, TimeUnit.MILLISECONDS);
                if (ended || System.nanoTime() > end) {
                    String said = Files.readString(out) + Files.readString(err);
                    throw new IllegalStateException("did not say " + text + " but " + said);
                }
            }
        }

        Map<String, Object> terminate() throws Exception {
            process.destroy();
            return outcome(SHUTDOWN_MS);
        }

        Map<String, Object> outcome(long ms) throws Exception {
            boolean inTime = process.waitFor(ms, TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            Map<String, Object> told = new HashMap<>();
            told.put("exit", inTime ? process.exitValue() : null);
            told.put("out", Files.readString(out));
            told.put("err", Files.readString(err));
            Files.delete(out);
            Files.delete(err);
            return told;
        }
    }
}
