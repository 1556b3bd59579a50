package orders

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

const patience = 30 * time.Second

var (
	kafkaLine = regexp.MustCompile(`Listening on (\S+:\d+)`)
	httpLine  = regexp.MustCompile(`HTTP API on (http://\S+)`)
)

// A kafkaShim is a Kafka broker of a test's own.
type kafkaShim struct {
	// address is that of the broker: kgo.SeedBrokers(broker.address).
	address string
	// url is that of its HTTP API.
	url string
}

// startKafkaShim starts a broker that ends with the test, however that ends. A test that fails
// logs the broker's output.
//
// It runs the command kafkashim, or what the environment variable KAFKASHIM names, on ports that
// the operating system chooses.
func startKafkaShim(t *testing.T) *kafkaShim {
	t.Helper()
	// This context ends with the test, and the broker with it.
	ctx := t.Context()
	if deadline, ok := t.Deadline(); ok {
		// At its deadline the whole program panics, without an end of the test.
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-time.Second))
		t.Cleanup(cancel)
	}
	// Everything it has is in memory: it is killed, there is nothing to be written down.
	command := exec.CommandContext(ctx,
		cmp.Or(os.Getenv("KAFKASHIM"), "kafkashim"), "serve", "--port", "0", "--http", "0",
		// Kafka lets the first member of a group wait 3 s for others.
		"--override", "group.initial.rebalance.delay.ms=0",
	)
	read, write := io.Pipe()
	command.Stdout, command.Stderr = write, write
	if err := command.Start(); err != nil {
		t.Fatalf("%s (is kafkashim installed, or KAFKASHIM set?)", err)
	}
	go func() {
		command.Wait()
		write.Close()
	}()

	// It is read to the end: a process whose output nobody takes comes to a halt.
	var output bytes.Buffer
	started, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(started)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			output.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "Kafka Server started") {
				started <- output.String()
			}
		}
	}()
	t.Cleanup(func() {
		<-ended
		if t.Failed() {
			t.Logf("%s\n%s", command, &output)
		}
	})

	select {
	case said := <-started:
		kafka, http := kafkaLine.FindStringSubmatch(said), httpLine.FindStringSubmatch(said)
		if kafka == nil || http == nil {
			t.Fatal("kafkashim ended, or did not say where it listens")
		}
		return &kafkaShim{address: kafka[1], url: http[1]}
	case <-time.After(patience):
		t.Fatalf("kafkashim did not start in %s", patience)
	}
	return nil
}

// get reads a path of the HTTP API, such as /api/decisions, into what answer points to.
func (k *kafkaShim) get(t *testing.T, path string, answer any) {
	t.Helper()
	k.ask(t, http.MethodGet, path, "", answer)
}

// post sends JSON to a path of the HTTP API, such as /api/faults.
func (k *kafkaShim) post(t *testing.T, path, body string, answer any) {
	t.Helper()
	k.ask(t, http.MethodPost, path, body, answer)
}

func (k *kafkaShim) ask(t *testing.T, method, path, body string, answer any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, k.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	told, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s: %s", method, path, response.Status, told)
	}
	if err := json.Unmarshal(told, answer); err != nil {
		t.Fatalf("%s %s: %s: %s", method, path, err, told)
	}
}
