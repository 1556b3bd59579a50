import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.kafka.common.protocol.Errors;

/** Collects the outcome of each step of an admin client, in order. */
final class Tour {
    private static final long SETTLING_NS = 5_000_000_000L;

    private final Map<String, Object> steps = new LinkedHashMap<>();

    interface Call {
        Object run() throws Exception;
    }

    interface Action {
        void run() throws Exception;
    }

    Map<String, Object> steps() {
        return steps;
    }

    /** Runs one step; its outcome is plain data without ids and times, or "error: ...". */
    void step(String name, Call call) {
        Object outcome;
        try {
            outcome = call.run();
        } catch (Exception error) {
            outcome = "error: " + name(error);
        }
        if (steps.put(name, outcome) != null) {
            throw new IllegalStateException("two steps are called " + name);
        }
    }

    /** A step for what has no answer but an error. */
    void act(String name, Action action) {
        step(
                name,
                () -> {
                    action.run();
                    return "ok";
                });
    }

    /**
     * A step for what the broker learns a moment after it has answered the request that changed it: asks
     * again, for up to five seconds, until the outcome is what is waited for.
     */
    void until(String name, Predicate<Object> settled, Call call) {
        step(
                name,
                () -> {
                    long end = System.nanoTime() + SETTLING_NS;
                    while (true) {
                        Object outcome = call.run();
                        if (settled.test(outcome) || System.nanoTime() > end) {
                            return outcome;
                        }
                        Thread.sleep(20);
                    }
                });
    }

    static String name(Throwable error) {
        Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
        Errors code = Errors.forException(cause);
        return code == Errors.UNKNOWN_SERVER_ERROR ? String.valueOf(cause) : code.name();
    }
}
