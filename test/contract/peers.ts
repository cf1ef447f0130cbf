/**
 * The tests of the other clients that are about producers and schemas, and the case that has the scenario of each, by
 * how its name begins. Where they also try consumers (Shared beside Exclusive, shares of a queue), that waits for
 * `subscribe`; their other files are about consumers alone.
 */
export const peers: Record<string, Record<string, string>> = {
  // The broker's own tests of the Rust client: danube-broker/tests.
  "partitioned_basic.rs": {
    partitioned_basic_exclusive: "three partitions: keyless messages go round",
    partitioned_basic_shared: "three partitions: keyless messages go round",
  },
  "partitioned_variants.rs": {
    partitioned_queue_shared_distribution_and_partition_coverage: "three partitions: keyless messages go round",
    partitioned_pubsub_fanout_exclusive_full_receipt: "each subscription gets every message",
  },
  "partitioning_validation.rs": {
    "partitioning_validation, a plain topic": "with nothing given but a topic",
    "partitioning_validation, a partitioned one": "three partitions: keyless messages go round",
  },
  "producer_reconnect.rs": {
    producer_reconnection_reuse: "producers of one name are one to the broker",
  },
  "schema_registry_basic.rs": {
    schema_registration_multiple_types: "every kind of definition is registered",
    producer_with_registered_schema_succeeds: "a subject registered beforehand is used as it is",
    producer_with_unregistered_schema_fails: "register: false uses what there is",
    producer_without_schema_works: "messages of a producer without a schema",
    schema_versioning_evolution: "a new definition is the next version",
    consumer_receives_schema_metadata: "whatever a schema is, its subject has its type",
    multiple_producers_same_schema: "a subject registered beforehand is used as it is",
  },
  "schema_compatibility.rs": {
    backward_compatibility_add_optional_field: "backward, with which subjects begin",
    backward_compatibility_remove_required_field_fails: "backward, with which subjects begin",
    forward_compatibility_remove_optional_field: "forward: properties may go",
    forward_compatibility_add_required_field_fails: "forward: properties may go",
    full_compatibility_strict_evolution: "full takes what both take",
    compatibility_none_allows_breaking_changes: "none takes anything",
    avro_backward_compatibility: "an Avro record may get a field",
    check_compatibility_before_registration: "check() tells what register would say",
    multiple_versions_evolution: "a subject evolves over many versions",
  },
  "schema_validation_policy.rs": {
    matching_schemas_end_to_end: "json with a schema carries",
    multiple_valid_payloads: "json with a schema carries",
    schema_evolution_consumer_compatibility: "a version registered while a producer lives",
    avro_schema_end_to_end: "avro carries a record",
    string_schema_type: "text arrives as UTF-8",
    bytes_schema_type: "bytes with a subject arrive",
    verify_schema_metadata_in_messages: "whatever a schema is, its subject has its type",
    second_producer_different_subject_fails: "the first producer with a schema ties the topic",
  },
  "schema_version_selection.rs": {
    producer_pin_to_specific_version: "a producer pinned to a version",
    producer_minimum_version_uses_latest: "{ min } is the newest version",
    multiple_producers_different_versions: "one topic takes several versions",
    producer_invalid_version_fails: "a version that does not exist, pinned",
    producer_no_version_uses_latest: '"latest" is the newest version',
    producer_minimum_version_at_boundary: "{ min } is the newest version",
  },
  "topic_schema_config.rs": {
    first_producer_assigns_schema: "the first producer with a schema ties the topic",
    second_producer_different_schema_fails: "the first producer with a schema ties the topic",
    producer_without_schema_can_connect: "a producer without a schema is let in beside",
    topic_allows_different_versions_same_subject: "one topic takes several versions",
  },
  "subscription_basic.rs": {
    basic_subscription_shared: "with nothing given but a topic",
    basic_subscription_exclusive: "with nothing given but a topic",
  },
  "reliable_dispatch_basic.rs": {
    reliable_basic_exclusive: "equal messages are not taken for one",
    reliable_basic_shared: "equal messages are not taken for one",
  },
  "pubsub_fanout_exclusive.rs": {
    pubsub_fanout_exclusive_unique_subscriptions: "each subscription gets every message",
  },
  // The Go client's integration_tests; the Java client's are the same set.
  "subscription_basic_test.go": {
    TestBasicSubscriptionShared: "with nothing given but a topic",
    TestBasicSubscriptionExclusive: "with nothing given but a topic",
  },
  "fanout_exclusive_test.go": {
    TestFanoutExclusive: "each subscription gets every message",
  },
  "partitioned_basic_test.go": {
    TestPartitionedBasicExclusive: "three partitions: keyless messages go round",
    TestPartitionedBasicShared: "three partitions: keyless messages go round",
  },
  "reliable_dispatch_test.go": {
    TestReliableDispatchExclusive: "equal messages are not taken for one",
    TestReliableDispatchShared: "equal messages are not taken for one",
  },
  "schema_subject_test.go": {
    TestProducerWithRegisteredSchema: "a subject registered beforehand is used as it is",
    TestProducerWithoutSchema: "messages of a producer without a schema",
    TestSchemaVersionEvolution: "a new definition is the next version",
  },
  "schema_version_test.go": {
    TestProducerPinToVersion: "a producer pinned to a version",
    TestProducerLatestVersion: '"latest" is the newest version',
  },
};
