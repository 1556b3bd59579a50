package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"

	"kafkashim.test/go_driver"
)

type list = []any
type dict = map[string]any

// guide is one walk through kafka.Client; its steps build on each other.
type guide struct {
	*driver.Tour
	ctx          context.Context
	client       *kafka.Client
	bootstrap    string
	topic, group string
	controller   int
}

func (client) Admin(bootstrap, topic, group string, tour *driver.Tour) error {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	g := &guide{Tour: tour, ctx: ctx, client: at(bootstrap), bootstrap: bootstrap, topic: topic, group: group}
	g.cluster()
	g.topics()
	g.records()
	g.configs()
	g.offsets()
	g.groups()
	g.replicas()
	g.quotas()
	g.credentials()
	g.acls()
	g.deletions()
	return nil
}

func none(found any) bool { return len(found.(list)) == 0 }
func some(found any) bool { return !none(found) }

// all is the first of the errors in an answer.
func all[K comparable](err error, of map[K]error) error {
	for _, other := range of {
		err = errors.Join(err, other)
	}
	return err
}

func (g *guide) cluster() {
	g.Step("metadata", func() (any, error) {
		answer, err := g.client.Metadata(g.ctx, &kafka.MetadataRequest{})
		if err != nil {
			return nil, err
		}
		g.controller = answer.Controller.ID
		return len(answer.Brokers), nil
	})
	g.Do("API versions", func() error {
		answer, err := g.client.ApiVersions(g.ctx, &kafka.ApiVersionsRequest{})
		if err == nil {
			err = answer.Error
		}
		return err
	})
	g.Do("find coordinator", func() error {
		answer, err := g.client.FindCoordinator(g.ctx, &kafka.FindCoordinatorRequest{
			Key: g.group, KeyType: kafka.CoordinatorKeyTypeConsumer,
		})
		if err == nil {
			err = answer.Error
		}
		return err
	})
	g.Step("init producer id", func() (any, error) {
		answer, err := g.client.InitProducerID(g.ctx, &kafka.InitProducerIDRequest{
			TransactionalID: g.group, TransactionTimeoutMs: 10_000, ProducerID: -1, ProducerEpoch: -1,
		})
		if err != nil {
			return nil, err
		}
		return answer.Producer.ProducerEpoch, answer.Error
	})
}

func (g *guide) create(topic, retention string, validateOnly bool) error {
	answer, err := g.client.CreateTopics(g.ctx, &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{
			Topic: topic, NumPartitions: 2, ReplicationFactor: 1,
			ConfigEntries: []kafka.ConfigEntry{{ConfigName: "retention.ms", ConfigValue: retention}},
		}},
		ValidateOnly: validateOnly,
	})
	if err != nil {
		return err
	}
	return all(nil, answer.Errors)
}

func (g *guide) partitions(count int32) error {
	answer, err := g.client.CreatePartitions(g.ctx, &kafka.CreatePartitionsRequest{
		Topics: []kafka.TopicPartitionsConfig{{Name: g.topic, Count: count}},
	})
	if err != nil {
		return err
	}
	return all(nil, answer.Errors)
}

func (g *guide) topics() {
	g.Do("validate topic", func() error { return g.create(g.topic, "3600000", true) })
	g.Do("create topic", func() error { return g.create(g.topic, "3600000", false) })
	g.Do("create topic again", func() error { return g.create(g.topic, "3600000", false) })
	g.Do("create topic with a wrong config", func() error { return g.create(g.topic+"-wrong", "never", false) })
	g.Do("create partitions", func() error { return g.partitions(4) })
	g.Do("fewer partitions", func() error { return g.partitions(3) })
	four := func(found any) bool { return len(found.(list)) == 4 }
	g.Until("metadata of the topic", four, func() (any, error) {
		answer, err := g.client.Metadata(g.ctx, &kafka.MetadataRequest{Topics: []string{g.topic}})
		if err != nil {
			return nil, err
		}
		partitions := list{}
		for _, p := range answer.Topics[0].Partitions {
			partitions = append(partitions, list{len(p.Replicas), len(p.Isr)})
		}
		return partitions, answer.Topics[0].Error
	})
}

func (g *guide) records() {
	g.Do("produce", func() error {
		var messages []driver.Message
		for i := range 40 {
			partition := int32(i % 4)
			messages = append(messages, driver.Message{Value: fmt.Append(nil, i), Partition: &partition})
		}
		deliveries, err := client{}.Produce(g.bootstrap, g.topic, messages, driver.Settings{Compression: "none"})
		for _, delivery := range deliveries {
			if delivery.Error != nil {
				err = errors.New(*delivery.Error)
			}
		}
		return err
	})
	g.Step("list offsets", func() (any, error) {
		var asked []kafka.OffsetRequest
		for partition := range 4 {
			asked = append(asked, kafka.FirstOffsetOf(partition), kafka.LastOffsetOf(partition))
		}
		answer, err := g.client.ListOffsets(g.ctx, &kafka.ListOffsetsRequest{
			Topics: map[string][]kafka.OffsetRequest{g.topic: asked},
		})
		if err != nil {
			return nil, err
		}
		found := answer.Topics[g.topic]
		slices.SortFunc(found, func(a, b kafka.PartitionOffsets) int { return a.Partition - b.Partition })
		offsets := list{}
		for _, partition := range found {
			offsets = append(offsets, list{partition.FirstOffset, partition.LastOffset})
			err = errors.Join(err, partition.Error)
		}
		return offsets, err
	})
}

func (g *guide) alter(validateOnly bool) error {
	answer, err := g.client.IncrementalAlterConfigs(g.ctx, &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: g.topic,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{
				{Name: "max.message.bytes", Value: "1048576", ConfigOperation: kafka.ConfigOperationSet},
				{Name: "retention.ms", ConfigOperation: kafka.ConfigOperationDelete},
			},
		}},
		ValidateOnly: validateOnly,
	})
	if err != nil {
		return err
	}
	return answer.Resources[0].Error
}

func (g *guide) configs() {
	g.Do("validate configs", func() error { return g.alter(true) })
	g.Do("alter configs incrementally", func() error { return g.alter(false) })
	g.Until("describe configs", set("max.message.bytes"), g.described)
	g.Do("alter configs as a whole", func() error {
		answer, err := g.client.AlterConfigs(g.ctx, &kafka.AlterConfigsRequest{
			Resources: []kafka.AlterConfigRequestResource{{
				ResourceType: kafka.ResourceTypeTopic, ResourceName: g.topic,
				Configs: []kafka.AlterConfigRequestConfig{{Name: "retention.ms", Value: "7200000"}},
			}},
		})
		if err != nil {
			return err
		}
		return all(nil, answer.Errors)
	})
	g.Until("describe configs again", set("retention.ms"), g.described)
}

// described tells the names and values of all configs of the topic, and where each comes from.
func (g *guide) described() (any, error) {
	answer, err := g.client.DescribeConfigs(g.ctx, &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{
			{ResourceType: kafka.ResourceTypeTopic, ResourceName: g.topic},
		},
		IncludeSynonyms: true,
	})
	if err != nil {
		return nil, err
	}
	found := dict{}
	for _, entry := range answer.Resources[0].ConfigEntries {
		found[entry.ConfigName] = list{
			entry.ConfigValue, entry.ConfigSource, entry.ConfigType, len(entry.ConfigSynonyms),
		}
	}
	return found, answer.Resources[0].Error
}

// set waits until the topic's own value of a config is there.
func set(name string) func(any) bool {
	return func(found any) bool {
		config, _ := found.(dict)[name].(list)
		return config != nil && config[1] == int8(1)
	}
}

func (g *guide) offsets() {
	g.Do("commit offsets", func() error {
		var offsets []kafka.OffsetCommit
		for partition := range 4 {
			offsets = append(offsets, kafka.OffsetCommit{Partition: partition, Offset: 5, Metadata: "a note"})
		}
		answer, err := g.client.OffsetCommit(g.ctx, &kafka.OffsetCommitRequest{
			GroupID: g.group, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{g.topic: offsets},
		})
		if err != nil {
			return err
		}
		for _, partition := range answer.Topics[g.topic] {
			err = errors.Join(err, partition.Error)
		}
		return err
	})
	g.Step("fetch offsets", g.committed)
	g.Do("delete an offset", func() error {
		answer, err := g.client.OffsetDelete(g.ctx, &kafka.OffsetDeleteRequest{
			GroupID: g.group, Topics: map[string][]int{g.topic: {3}},
		})
		if err != nil {
			return err
		}
		return errors.Join(answer.Error, answer.Topics[g.topic][0].Error)
	})
	g.Step("fetch offsets that are left", g.committed)
	g.Step("consumer offsets", func() (any, error) {
		return g.client.ConsumerOffsets(g.ctx, kafka.TopicAndGroup{Topic: g.topic, GroupId: g.group})
	})
}

func (g *guide) committed() (any, error) {
	answer, err := g.client.OffsetFetch(g.ctx, &kafka.OffsetFetchRequest{
		GroupID: g.group, Topics: map[string][]int{g.topic: {0, 1, 2, 3}},
	})
	if err != nil {
		return nil, err
	}
	found := list{}
	for _, partition := range answer.Topics[g.topic] {
		found = append(found, list{partition.Partition, partition.CommittedOffset, partition.Metadata})
		err = errors.Join(err, partition.Error)
	}
	return found, errors.Join(err, answer.Error)
}

func (g *guide) groups() {
	group := g.group + "-joined"
	joined, err := client{}.Join(g.bootstrap, group, g.topic, "classic")
	for end := time.Now().Add(15 * time.Second); err == nil && time.Now().Before(end); {
		if _, err = joined.Poll(50 * time.Millisecond); len(joined.Assigned()) == 4 {
			break
		}
	}
	g.Step("join a group", func() (any, error) { return joined.Assigned(), err })
	g.Step("list groups", func() (any, error) {
		answer, err := g.client.ListGroups(g.ctx, &kafka.ListGroupsRequest{})
		if err != nil {
			return nil, err
		}
		found := list{}
		for _, one := range answer.Groups {
			if one.GroupID == group || one.GroupID == g.group {
				found = append(found, one.ProtocolType)
			}
		}
		return len(found), answer.Error
	})
	g.Step("describe groups", func() (any, error) {
		answer, err := g.client.DescribeGroups(g.ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
		if err != nil {
			return nil, err
		}
		found := answer.Groups[0]
		partitions := 0
		for _, member := range found.Members {
			for _, topic := range member.MemberAssignments.Topics {
				partitions += len(topic.Partitions)
			}
		}
		return list{found.GroupState, len(found.Members), partitions}, found.Error
	})
	remove := func() error {
		answer, err := g.client.DeleteGroups(g.ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{group}})
		if err != nil {
			return err
		}
		return all(nil, answer.Errors)
	}
	g.Do("delete a group with members", remove)
	if err == nil {
		joined.Close()
	}
	g.Do("delete group", remove)
	g.Do("delete an unknown group", remove)
}

func (g *guide) replicas() {
	g.Step("elect leaders", func() (any, error) {
		answer, err := g.client.ElectLeaders(g.ctx, &kafka.ElectLeadersRequest{
			Topic: g.topic, Partitions: []int{0, 1}, Timeout: 10 * time.Second,
		})
		if err != nil {
			return nil, err
		}
		found := list{}
		for _, partition := range answer.PartitionResults {
			if partition.Error != nil {
				found = append(found, errorName(partition.Error))
			}
		}
		return found, answer.Error
	})
	g.Do("reassign partitions", func() error {
		answer, err := g.client.AlterPartitionReassignments(g.ctx, &kafka.AlterPartitionReassignmentsRequest{
			Topic: g.topic, Timeout: 10 * time.Second,
			Assignments: []kafka.AlterPartitionReassignmentsRequestAssignment{
				{PartitionID: 0, BrokerIDs: []int{g.controller}},
			},
		})
		if err != nil {
			return err
		}
		for _, partition := range answer.PartitionResults {
			err = errors.Join(err, partition.Error)
		}
		return errors.Join(err, answer.Error)
	})
	g.Step("list reassignments", func() (any, error) {
		answer, err := g.client.ListPartitionReassignments(g.ctx, &kafka.ListPartitionReassignmentsRequest{
			Topics: map[string]kafka.ListPartitionReassignmentsRequestTopic{
				g.topic: {PartitionIndexes: []int{0, 1}},
			},
			Timeout: 10 * time.Second,
		})
		if err != nil {
			return nil, err
		}
		return len(answer.Topics), answer.Error
	})
}

func (g *guide) quotas() {
	alter := func(remove bool) error {
		answer, err := g.client.AlterClientQuotas(g.ctx, &kafka.AlterClientQuotasRequest{
			Entries: []kafka.AlterClientQuotaEntry{{
				Entities: []kafka.AlterClientQuotaEntity{{EntityType: "client-id", EntityName: g.group}},
				Ops:      []kafka.AlterClientQuotaOps{{Key: "producer_byte_rate", Value: 1e9, Remove: remove}},
			}},
		})
		if err != nil {
			return err
		}
		return answer.Entries[0].Error
	}
	describe := func() (any, error) {
		answer, err := g.client.DescribeClientQuotas(g.ctx, &kafka.DescribeClientQuotasRequest{
			Components: []kafka.DescribeClientQuotasRequestComponent{
				{EntityType: "client-id", MatchType: 0, Match: g.group},
			},
			Strict: true,
		})
		if err != nil {
			return nil, err
		}
		found := list{}
		for _, entry := range answer.Entries {
			for _, value := range entry.Values {
				found = append(found, list{value.Key, value.Value})
			}
		}
		return found, answer.Error
	}
	g.Do("alter client quotas", func() error { return alter(false) })
	g.Until("describe client quotas", some, describe)
	g.Do("remove client quotas", func() error { return alter(true) })
	g.Until("describe client quotas that are left", none, describe)
}

func (g *guide) credentials() {
	alter := func(request *kafka.AlterUserScramCredentialsRequest) error {
		answer, err := g.client.AlterUserScramCredentials(g.ctx, request)
		if err != nil {
			return err
		}
		return answer.Results[0].Error
	}
	g.Do("upsert SCRAM credentials", func() error {
		return alter(&kafka.AlterUserScramCredentialsRequest{
			Upsertions: []kafka.UserScramCredentialsUpsertion{{
				Name: g.group, Mechanism: kafka.ScramMechanismSha256, Iterations: 4096,
				Salt: []byte("salt"), SaltedPassword: []byte("secret"),
			}},
		})
	})
	g.Until("describe SCRAM credentials", some, func() (any, error) {
		answer, err := g.client.DescribeUserScramCredentials(g.ctx, &kafka.DescribeUserScramCredentialsRequest{
			Users: []kafka.UserScramCredentialsUser{{Name: g.group}},
		})
		if err != nil {
			return nil, err
		}
		found := list{}
		if errors.Is(answer.Results[0].Error, kafka.ResourceNotFound) { // not there yet
			return found, nil
		}
		for _, credential := range answer.Results[0].CredentialInfos {
			found = append(found, list{credential.Mechanism, credential.Iterations})
		}
		return found, errors.Join(answer.Error, answer.Results[0].Error)
	})
	g.Do("delete SCRAM credentials", func() error {
		return alter(&kafka.AlterUserScramCredentialsRequest{
			Deletions: []kafka.UserScramCredentialsDeletion{
				{Name: g.group, Mechanism: kafka.ScramMechanismSha256},
			},
		})
	})
}

// acls: Apache Kafka without an authorizer refuses these, SECURITY_DISABLED.
func (g *guide) acls() {
	g.Do("create ACL", func() error {
		answer, err := g.client.CreateACLs(g.ctx, &kafka.CreateACLsRequest{ACLs: []kafka.ACLEntry{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: g.topic,
			ResourcePatternType: kafka.PatternTypeLiteral, Principal: "User:" + g.group, Host: "*",
			Operation: kafka.ACLOperationTypeRead, PermissionType: kafka.ACLPermissionTypeAllow,
		}}})
		if err != nil {
			return err
		}
		return errors.Join(answer.Errors...)
	})
	filter := kafka.ACLFilter{
		ResourceTypeFilter: kafka.ResourceTypeTopic, ResourceNameFilter: g.topic,
		ResourcePatternTypeFilter: kafka.PatternTypeAny, Operation: kafka.ACLOperationTypeAny,
		PermissionType: kafka.ACLPermissionTypeAny,
	}
	g.Step("describe ACLs", func() (any, error) {
		answer, err := g.client.DescribeACLs(g.ctx, &kafka.DescribeACLsRequest{Filter: filter})
		if err != nil {
			return nil, err
		}
		return len(answer.Resources), answer.Error
	})
	g.Step("delete ACL", func() (any, error) {
		answer, err := g.client.DeleteACLs(g.ctx, &kafka.DeleteACLsRequest{
			Filters: []kafka.DeleteACLsFilter{kafka.DeleteACLsFilter(filter)},
		})
		if err != nil {
			return nil, err
		}
		return len(answer.Results[0].MatchingACLs), answer.Results[0].Error
	})
}

func (g *guide) deletions() {
	remove := func() error {
		answer, err := g.client.DeleteTopics(g.ctx, &kafka.DeleteTopicsRequest{Topics: []string{g.topic}})
		if err != nil {
			return err
		}
		return all(nil, answer.Errors)
	}
	g.Do("delete topic", remove)
	g.Do("delete topic again", remove)
}
