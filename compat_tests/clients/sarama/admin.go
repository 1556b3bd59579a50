package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"kafkashim.test/go_driver"
)

type list = []any
type dict = map[string]any

// guide is one walk through ClusterAdmin; its steps build on each other.
type guide struct {
	*driver.Tour
	admin        sarama.ClusterAdmin
	bootstrap    string
	topic, group string
}

func (client) Admin(bootstrap, topic, group string, tour *driver.Tour) error {
	admin, err := sarama.NewClusterAdmin([]string{bootstrap}, newest())
	if err != nil {
		return err
	}
	defer admin.Close()
	g := &guide{tour, admin, bootstrap, topic, group}
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

// code makes an error of an error code that the library leaves in the answer.
func code(kafka sarama.KError) error {
	if kafka == sarama.ErrNoError {
		return nil
	}
	return kafka
}

func none(found any) bool { return len(found.(list)) == 0 }
func some(found any) bool { return !none(found) }

func (g *guide) cluster() {
	g.Step("describe cluster", func() (any, error) {
		brokers, _, err := g.admin.DescribeCluster()
		return len(brokers), err
	})
	g.Do("controller", func() error {
		_, err := g.admin.Controller()
		return err
	})
	g.Do("coordinator", func() error {
		_, err := g.admin.Coordinator(g.group)
		return err
	})
	g.Step("update an unknown feature", func() (any, error) {
		results, err := g.admin.UpdateFeatures([]sarama.FeatureUpdate{
			{Feature: "no.such.feature", MaxVersionLevel: 1},
		})
		return len(results), err
	})
}

func (g *guide) topics() {
	retention, wrong := "3600000", "never"
	detail := &sarama.TopicDetail{
		NumPartitions: 2, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &retention},
	}
	g.Do("validate topic", func() error { return g.admin.CreateTopic(g.topic, detail, true) })
	g.Do("create topic", func() error { return g.admin.CreateTopic(g.topic, detail, false) })
	g.Do("create topic again", func() error { return g.admin.CreateTopic(g.topic, detail, false) })
	g.Do("create topic with a wrong config", func() error {
		detail := *detail
		detail.ConfigEntries = map[string]*string{"retention.ms": &wrong}
		return g.admin.CreateTopic(g.topic+"-wrong", &detail, false)
	})
	g.Do("create partitions", func() error { return g.admin.CreatePartitions(g.topic, 4, nil, false) })
	g.Do("fewer partitions", func() error { return g.admin.CreatePartitions(g.topic, 3, nil, false) })
	four := func(found any) bool { return len(found.(list)) == 4 }
	g.Until("describe topic", four, func() (any, error) {
		topics, err := g.admin.DescribeTopics([]string{g.topic})
		if err != nil {
			return nil, err
		}
		partitions := list{}
		for _, p := range topics[0].Partitions {
			partitions = append(partitions, list{len(p.Replicas), len(p.Isr), p.LeaderEpoch, p.Err})
		}
		return partitions, code(topics[0].Err)
	})
	g.Do("describe an unknown topic", func() error {
		topics, err := g.admin.DescribeTopics([]string{g.topic + "-unknown"})
		return errors.Join(err, code(topics[0].Err))
	})
	g.Step("list topics", func() (any, error) {
		topics, err := g.admin.ListTopics()
		found := topics[g.topic]
		return dict{
			"partitions": found.NumPartitions, "replicas": found.ReplicationFactor,
			"retention.ms": found.ConfigEntries["retention.ms"],
		}, err
	})
}

func (g *guide) records() {
	g.Do("produce", func() error {
		var messages []driver.Message
		for i := range 40 {
			partition := int32(i % 4)
			messages = append(messages, driver.Message{Value: fmt.Append(nil, i), Partition: &partition})
		}
		settings := driver.Settings{Compression: "none"}
		deliveries, err := client{}.Produce(g.bootstrap, g.topic, messages, settings)
		for _, delivery := range deliveries {
			if delivery.Error != nil {
				err = errors.New(*delivery.Error)
			}
		}
		return err
	})
	g.Do("delete records", func() error {
		return g.admin.DeleteRecords(g.topic, map[int32]int64{0: 3})
	})
	g.Do("delete records behind the end", func() error {
		return g.admin.DeleteRecords(g.topic, map[int32]int64{1: 300})
	})
	for _, time := range []int64{sarama.OffsetOldest, sarama.OffsetNewest} {
		g.Step(fmt.Sprintf("list offsets at %d", time), func() (any, error) {
			asked := map[string]map[int32]int64{g.topic: {0: time, 1: time, 2: time, 3: time}}
			results, err := g.admin.ListOffsets(asked, nil)
			found := list{}
			for _, partition := range []int32{0, 1, 2, 3} {
				result := results[g.topic][partition]
				if result == nil {
					return nil, errors.Join(err, errors.New("no answer for a partition"))
				}
				found = append(found, result.Offset)
				if !errors.Is(result.Err, sarama.ErrNoError) {
					err = errors.Join(err, result.Err)
				}
			}
			return found, err
		})
	}
}

func (g *guide) configs() {
	one, two := "1048576", "7200000"
	entries := map[string]sarama.IncrementalAlterConfigsEntry{
		"max.message.bytes": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &one},
		"retention.ms":      {Operation: sarama.IncrementalAlterConfigsOperationDelete},
	}
	g.Do("validate configs", func() error {
		return g.admin.IncrementalAlterConfig(sarama.TopicResource, g.topic, entries, true)
	})
	g.Do("alter configs incrementally", func() error {
		return g.admin.IncrementalAlterConfig(sarama.TopicResource, g.topic, entries, false)
	})
	g.Until("describe configs", set("max.message.bytes"), g.described)
	g.Do("alter configs as a whole", func() error {
		whole := map[string]*string{"retention.ms": &two}
		return g.admin.AlterConfig(sarama.TopicResource, g.topic, whole, false)
	})
	g.Until("describe configs again", set("retention.ms"), g.described)
	g.Do("describe broker configs", func() error {
		broker, err := g.admin.Controller()
		if err != nil {
			return err
		}
		_, err = g.admin.DescribeConfig(sarama.ConfigResource{
			Type: sarama.BrokerResource, Name: fmt.Sprint(broker.ID()),
		})
		return err
	})
}

// described tells the names and values of all configs of the topic, and where each comes from.
func (g *guide) described() (any, error) {
	entries, err := g.admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: g.topic})
	found := dict{}
	for _, entry := range entries {
		found[entry.Name] = list{entry.Value, entry.Source.String(), entry.Type}
	}
	return found, err
}

// set waits until the topic's own value of a config is there.
func set(name string) func(any) bool {
	return func(found any) bool {
		config, _ := found.(dict)[name].(list)
		return config != nil && config[1] == sarama.SourceTopic.String()
	}
}

func (g *guide) offsets() {
	g.Do("alter consumer group offsets", func() error {
		offsets := map[int32]sarama.OffsetAndMetadata{}
		for partition := range int32(4) {
			offsets[partition] = sarama.OffsetAndMetadata{Offset: 5, Metadata: "a note", LeaderEpoch: -1}
		}
		answer, err := g.admin.AlterConsumerGroupOffsets(
			g.group, map[string]map[int32]sarama.OffsetAndMetadata{g.topic: offsets}, nil)
		if err == nil {
			for _, partition := range answer.Errors[g.topic] {
				err = errors.Join(err, code(partition))
			}
		}
		return err
	})
	g.Step("list offsets of the group", func() (any, error) {
		answer, err := g.admin.ListConsumerGroupOffsets(g.group, nil)
		if err != nil {
			return nil, err
		}
		return g.committed(answer.Blocks), code(answer.Err)
	})
	g.Do("delete an offset", func() error {
		return g.admin.DeleteConsumerGroupOffset(g.group, g.topic, 3)
	})
	g.Step("list offsets of many groups", func() (any, error) {
		asked := map[string]map[string][]int32{g.group: {g.topic: {0, 3}}, g.group + "-unknown": nil}
		answers, err := g.admin.ListConsumerGroupOffsetsBatch(asked)
		if err != nil {
			return nil, err
		}
		return g.committed(answers[g.group].Blocks), code(answers[g.group].Err)
	})
}

func (g *guide) committed(blocks map[string]map[int32]*sarama.OffsetFetchResponseBlock) any {
	found := list{}
	for partition := range int32(4) {
		if block := blocks[g.topic][partition]; block != nil {
			found = append(found, list{partition, block.Offset, block.Metadata, block.Err})
		}
	}
	return found
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
		groups, err := g.admin.ListConsumerGroups()
		return list{groups[group], groups[g.group]}, err
	})
	g.Step("describe groups", func() (any, error) {
		groups, err := g.admin.DescribeConsumerGroups([]string{group})
		if err != nil {
			return nil, err
		}
		found := groups[0]
		return list{found.State, found.ProtocolType, found.Protocol, len(found.Members)}, code(found.Err)
	})
	g.Do("delete a group with members", func() error { return g.admin.DeleteConsumerGroup(group) })
	if err == nil {
		joined.Close()
	}
	g.Do("remove an unknown member", func() error {
		answer, err := g.admin.RemoveMemberFromConsumerGroup(group, []string{"not there"})
		if err == nil {
			err = errors.Join(code(answer.Err), code(answer.Members[0].Err))
		}
		return err
	})
	g.Do("delete group", func() error { return g.admin.DeleteConsumerGroup(group) })
	g.Do("delete an unknown group", func() error { return g.admin.DeleteConsumerGroup(group) })
}

func (g *guide) replicas() {
	g.Step("elect leaders", func() (any, error) {
		asked := map[string][]int32{g.topic: {0, 1}}
		results, err := g.admin.ElectLeaders(sarama.PreferredElection, asked)
		found := list{}
		for _, partition := range []int32{0, 1} {
			if result := results[g.topic][partition]; result != nil {
				found = append(found, result.ErrorCode)
			}
		}
		return found, err
	})
	g.Do("reassign partitions", func() error {
		broker, err := g.admin.Controller()
		if err != nil {
			return err
		}
		here := []int32{broker.ID()}
		return g.admin.AlterPartitionReassignments(g.topic, [][]int32{here, here, here, here})
	})
	g.Step("list reassignments", func() (any, error) {
		topics, err := g.admin.ListPartitionReassignments(g.topic, []int32{0, 1, 2, 3})
		return len(topics[g.topic]), err
	})
	g.Step("describe log dirs", func() (any, error) {
		broker, err := g.admin.Controller()
		if err != nil {
			return nil, err
		}
		dirs, err := g.admin.DescribeLogDirs([]int32{broker.ID()})
		partitions := 0
		for _, dir := range dirs[broker.ID()] {
			err = errors.Join(err, code(dir.ErrorCode))
			for _, topic := range dir.Topics {
				if topic.Topic == g.topic {
					partitions += len(topic.Partitions)
				}
			}
		}
		return partitions, err
	})
}

func (g *guide) quotas() {
	entity := []sarama.QuotaEntityComponent{
		{EntityType: sarama.QuotaEntityClientID, MatchType: sarama.QuotaMatchExact, Name: g.group},
	}
	op := sarama.ClientQuotasOp{Key: "producer_byte_rate", Value: 1e9}
	describe := func() (any, error) {
		entries, err := g.admin.DescribeClientQuotas([]sarama.QuotaFilterComponent{
			{EntityType: sarama.QuotaEntityClientID, MatchType: sarama.QuotaMatchExact, Match: g.group},
		}, true)
		found := list{}
		for _, entry := range entries {
			found = append(found, entry.Values)
		}
		return found, err
	}
	g.Do("alter client quotas", func() error { return g.admin.AlterClientQuotas(entity, op, false) })
	g.Until("describe client quotas", some, describe)
	op.Remove = true
	g.Do("remove client quotas", func() error { return g.admin.AlterClientQuotas(entity, op, false) })
	g.Until("describe client quotas that are left", none, describe)
}

func (g *guide) credentials() {
	altered := func(results []*sarama.AlterUserScramCredentialsResult, err error) error {
		for _, result := range results {
			err = errors.Join(err, code(result.ErrorCode))
		}
		return err
	}
	g.Do("upsert SCRAM credentials", func() error {
		return altered(g.admin.UpsertUserScramCredentials([]sarama.AlterUserScramCredentialsUpsert{{
			Name: g.group, Mechanism: sarama.SCRAM_MECHANISM_SHA_256, Iterations: 4096,
			Salt: []byte("salt"), Password: []byte("secret"),
		}}))
	})
	g.Until("describe SCRAM credentials", some, func() (any, error) {
		users, err := g.admin.DescribeUserScramCredentials([]string{g.group})
		found := list{}
		for _, user := range users {
			if user.ErrorCode == 91 { // RESOURCE_NOT_FOUND: not there yet
				continue
			}
			err = errors.Join(err, code(user.ErrorCode))
			for _, credential := range user.CredentialInfos {
				found = append(found, list{credential.Mechanism.String(), credential.Iterations})
			}
		}
		return found, err
	})
	g.Do("delete SCRAM credentials", func() error {
		return altered(g.admin.DeleteUserScramCredentials([]sarama.AlterUserScramCredentialsDelete{
			{Name: g.group, Mechanism: sarama.SCRAM_MECHANISM_SHA_256},
		}))
	})
}

// acls: Apache Kafka without an authorizer refuses these, SECURITY_DISABLED.
func (g *guide) acls() {
	g.Do("create ACL", func() error {
		return g.admin.CreateACL(
			sarama.Resource{
				ResourceType: sarama.AclResourceTopic, ResourceName: g.topic,
				ResourcePatternType: sarama.AclPatternLiteral,
			},
			sarama.Acl{
				Principal: "User:" + g.group, Host: "*",
				Operation: sarama.AclOperationRead, PermissionType: sarama.AclPermissionAllow,
			},
		)
	})
	filter := sarama.AclFilter{
		ResourceType: sarama.AclResourceTopic, ResourceName: &g.topic,
		ResourcePatternTypeFilter: sarama.AclPatternAny,
		Operation:                 sarama.AclOperationAny, PermissionType: sarama.AclPermissionAny,
	}
	g.Step("list ACLs", func() (any, error) {
		acls, err := g.admin.ListAcls(filter)
		return len(acls), err
	})
	g.Step("delete ACL", func() (any, error) {
		acls, err := g.admin.DeleteACL(filter, false)
		return len(acls), err
	})
}

func (g *guide) deletions() {
	g.Do("delete topic", func() error { return g.admin.DeleteTopic(g.topic) })
	g.Do("delete topic again", func() error { return g.admin.DeleteTopic(g.topic) })
}
