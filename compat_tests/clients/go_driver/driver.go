// Package driver is the side of the driver protocol that all Go clients share: JSON lines in and out.
//
// A client only translates; it keeps its library's defaults and never retries or reorders by itself.
package driver

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

// Message is one message to be sent. Without a partition the library's partitioner chooses by the key.
// A null value or key is a nil slice, an empty one is not nil.
type Message struct {
	Value     []byte   `json:"value"`
	Key       []byte   `json:"key"`
	Partition *int32   `json:"partition"`
	Headers   []Header `json:"headers"`
}

// Header is the pair ["name", base64 or null].
type Header struct {
	Name  string
	Value []byte
}

func (h *Header) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&h.Name, &h.Value})
}

func (h Header) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{h.Name, h.Value})
}

// Settings are those beyond idempotence and acks=all; nil keeps the library's default.
type Settings struct {
	Compression       string `json:"compression"`
	BatchBytes        *int   `json:"batch_bytes"`
	LingerMs          *int   `json:"linger_ms"`
	LargestMessage    *int   `json:"largest_message"`
	BackoffMs         *int   `json:"backoff_ms"`
	RequestTimeoutMs  *int   `json:"request_timeout_ms"`
	DeliveryTimeoutMs *int   `json:"delivery_timeout_ms"`
}

// Delivery is what the library reported for one message.
type Delivery struct {
	Partition *int32  `json:"partition,omitempty"`
	Offset    *int64  `json:"offset,omitempty"`
	ErrorCode *int    `json:"error_code,omitempty"`
	Error     *string `json:"error,omitempty"`
}

// Delivered is the report of a message that was written.
func Delivered(partition int32, offset int64) Delivery {
	return Delivery{Partition: &partition, Offset: &offset}
}

// Failed is the report of a message that was not; code is Kafka's, or nil when the library gave up itself.
func Failed(code *int, err error) Delivery {
	text := err.Error()
	return Delivery{ErrorCode: code, Error: &text}
}

// Record is one message as a consumer of the library got it.
type Record struct {
	Partition int32    `json:"partition"`
	Offset    int64    `json:"offset"`
	Key       []byte   `json:"key"`
	Value     []byte   `json:"value"`
	Headers   []Header `json:"headers"`
}

// Client is one library.
type Client interface {
	CreateTopic(bootstrap, topic string, partitions int32) error
	Produce(bootstrap, topic string, messages []Message, settings Settings) ([]Delivery, error)
	Read(bootstrap, topic string, partitions []int32) ([]Record, error)
	Join(bootstrap, group, topic, protocol string) (Member, error)
	// Admin does everything that the library's admin client can do, on a topic and group of its own.
	Admin(bootstrap, topic, group string, tour *Tour) error
}

// Member is a subscribed member of a group.
type Member interface {
	Poll(timeout time.Duration) ([]Record, error)
	Assigned() []int32
	// Commit commits the positions; false when the group rebalances.
	Commit() (bool, error)
	Close() error
}

// Tour collects the outcome of each step of an admin client, in order.
type Tour struct {
	ErrorName func(error) string
	names     []string
	outcomes  map[string]any
}

// Step runs one step; its outcome is "ok", plain data without ids and times, or "error: ...".
func (t *Tour) Step(name string, run func() (any, error)) {
	outcome, err := safely(run)
	if err != nil {
		outcome = "error: " + t.ErrorName(err)
	} else if outcome == nil {
		outcome = "ok"
	}
	if t.outcomes == nil {
		t.outcomes = map[string]any{}
	}
	t.names = append(t.names, name)
	t.outcomes[name] = outcome
}

// safely turns a crash of the library, or of a step without what the step before it had to bring, into an
// error of that step.
func safely(run func() (any, error)) (outcome any, err error) {
	defer func() {
		if crash := recover(); crash != nil {
			err = fmt.Errorf("crash: %v", crash)
		}
	}()
	return run()
}

// Until is Step for what the broker learns a moment after it has answered the request that changed it:
// it asks again, for up to five seconds, until the outcome is what is waited for.
func (t *Tour) Until(name string, settled func(any) bool, run func() (any, error)) {
	t.Step(name, func() (any, error) {
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if outcome, err := run(); err != nil || settled(outcome) || time.Now().After(end) {
				return outcome, err
			}
		}
	})
}

// Do is Step for what has no answer but an error.
func (t *Tour) Do(name string, run func() error) {
	t.Step(name, func() (any, error) { return nil, run() })
}

// MarshalJSON keeps the order of the steps.
func (t *Tour) MarshalJSON() ([]byte, error) {
	text := []byte("{")
	for i, name := range t.names {
		if i > 0 {
			text = append(text, ',')
		}
		key, _ := json.Marshal(name)
		value, err := json.Marshal(t.outcomes[name])
		if err != nil {
			return nil, err
		}
		text = append(append(append(text, key...), ':'), value...)
	}
	return append(text, '}'), nil
}

type command struct {
	Do         string    `json:"do"`
	Bootstrap  string    `json:"bootstrap"`
	Topic      string    `json:"topic"`
	Group      string    `json:"group"`
	Protocol   string    `json:"protocol"`
	Partitions any       `json:"partitions"`
	Messages   []Message `json:"messages"`
	Settings   Settings  `json:"settings"`
	TimeoutMs  int       `json:"timeout_ms"`
}

// Run answers the commands on standard input until it ends.
func Run(module string, client Client, errorName func(error) string) {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	commands, answers := json.NewDecoder(in), json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	var member Member
	for {
		var c command
		if commands.Decode(&c) != nil {
			return
		}
		answer, err := obey(module, client, &member, c, errorName)
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		out.Flush()
	}
}

func obey(module string, client Client, member *Member, c command, errorName func(error) string) (any, error) {
	nothing := map[string]any{}
	switch c.Do {
	case "about":
		return map[string]any{"version": version(module)}, nil
	case "create_topic":
		return nothing, client.CreateTopic(c.Bootstrap, c.Topic, int32(c.Partitions.(float64)))
	case "produce":
		deliveries, err := client.Produce(c.Bootstrap, c.Topic, c.Messages, c.Settings)
		return map[string]any{"deliveries": deliveries}, err
	case "read":
		partitions := []int32{}
		for _, partition := range c.Partitions.([]any) {
			partitions = append(partitions, int32(partition.(float64)))
		}
		records, err := client.Read(c.Bootstrap, c.Topic, partitions)
		return map[string]any{"records": notNil(records)}, err
	case "join":
		joined, err := client.Join(c.Bootstrap, c.Group, c.Topic, c.Protocol)
		*member = joined
		return nothing, err
	case "poll":
		records, err := (*member).Poll(time.Duration(c.TimeoutMs) * time.Millisecond)
		return map[string]any{"records": notNil(records), "assigned": notNil((*member).Assigned())}, err
	case "commit":
		committed, err := (*member).Commit()
		return map[string]any{"committed": committed}, err
	case "close":
		return nothing, (*member).Close()
	case "admin":
		tour := &Tour{ErrorName: errorName}
		err := client.Admin(c.Bootstrap, c.Topic, c.Group, tour)
		return map[string]any{"steps": tour}, err
	}
	return nil, fmt.Errorf("unknown command %q", c.Do)
}

func notNil[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

func version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return dependency.Version
		}
	}
	return "unknown"
}
