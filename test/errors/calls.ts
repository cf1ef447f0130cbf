import type { Danube } from "@danube-messaging/client";
import { type Attempt, type RowContext, type Rpc, registryRpcs } from "./row.ts";
import type { Tamper } from "./wire.ts";

/** What there is before the call that is judged. */
export interface Prepared {
  topic: string;
  subject: string;
  schemaId: bigint;
}

/** The library's call that makes each RPC; the other RPCs it takes are not what is judged. */
export const calls: Record<Rpc, (danube: Danube, prepared: Prepared) => Promise<unknown>> = {
  TopicLookup: (danube, { topic }) => danube.createProducer({ topic, name: "judged" }),
  TopicPartitions: (danube, { topic }) => danube.createProducer({ topic: `${topic}-p`, partitions: 1 }),
  CreateProducer: (danube, { topic }) => danube.createProducer({ topic, name: "judged" }),
  SendMessage: () => Promise.reject(new Error("sends are made by sending()")),
  HealthCheck: (danube) => danube.ready(),
  RegisterSchema: ({ schemas }, { subject }) => schemas.register(`${subject}-new`, { type: "string" }),
  GetSchema: ({ schemas }, { schemaId }) => schemas.get(schemaId),
  GetLatestSchema: ({ schemas }, { subject }) => schemas.latest(subject),
  ListVersions: ({ schemas }, { subject }) => schemas.versions(subject),
  CheckCompatibility: ({ schemas }, { subject }) => schemas.check(subject, { type: "string" }),
  DeleteSchemaVersion: ({ schemas }, { subject }) => schemas.delete(subject, 1),
  SetCompatibilityMode: ({ schemas }, { subject }) => schemas.setCompatibility(subject, "full"),
  ConfigureTopicSchema: ({ schemas }, { topic, subject }) => schemas.configureTopic(topic, { subject, policy: "warn" }),
  UpdateTopicValidationPolicy: ({ schemas }, { topic }) => schemas.validationPolicy(topic, { policy: "warn" }),
  GetTopicSchemaConfig: ({ schemas }, { topic }) => schemas.topicConfig(topic),
  ListSubjects: ({ schemas }) => schemas.subjects(),
};

/** Makes the library call `rpc`, with its calls changed by `tampers`. */
export async function calling(context: RowContext, rpc: Rpc, tampers: readonly Tamper[] = []): Promise<Attempt> {
  if (rpc === "SendMessage") {
    return sending(context, tampers);
  }
  const prepared = await prepare(context, rpc);
  const danube = context.connect(tampers);
  context.armed();
  return { result: calls[rpc](danube, prepared), passes: pass(tampers) };
}

/** Makes the library send one message to a reliable topic of its own. */
export async function sending(context: RowContext, tampers: readonly Tamper[] = []): Promise<Attempt> {
  const topic = context.topic();
  const danube = context.connect(tampers);
  const { send } = await danube.createProducer({ topic, dispatch: "reliable" });
  const arrivals = await context.read(topic);
  context.armed();
  const text = "the message";
  return { result: send(text), passes: pass(tampers), sent: { text, arrivals } };
}

/**
 * Sends until a send is refused, and gives that one: what operators and other clients do takes a moment to reach the
 * owner of a topic.
 */
export async function sendUntilRefused(
  context: RowContext,
  send: (text: string) => Promise<unknown>,
): Promise<{ text: string; result: Promise<unknown> }> {
  const endsAt = Date.now() + 10_000;
  for (let i = 0; ; i++) {
    const text = `message ${i}`;
    const refused = context.wire.failed("SendMessage").then(() => true);
    const result = send(text);
    const accepted = result.then(
      () => false,
      () => true,
    );
    if ((await Promise.race([refused, accepted])) || Date.now() > endsAt) {
      return { text, result };
    }
  }
}

/** Tampering that is over after some calls leaves a call that succeeds. */
function pass(tampers: readonly Tamper[]): boolean {
  return tampers.length > 0 && tampers.every(({ times }) => times !== undefined);
}

async function prepare(context: RowContext, rpc: Rpc): Promise<Prepared> {
  const prepared: Prepared = { topic: context.topic(), subject: context.subject(), schemaId: 0n };
  const { topic, subject } = prepared;
  const aboutTopic = /Topic.*(Schema|Policy)/.test(rpc);
  if (aboutTopic || rpc === "CreateProducer") {
    await context.other().createProducer({ topic, name: "other" });
  }
  if ((registryRpcs as readonly string[]).includes(rpc)) {
    prepared.schemaId = (await context.other().schemas.register(subject, { type: "string" })).schemaId;
  }
  if (aboutTopic) {
    await context.other().schemas.configureTopic(topic, { subject, policy: "warn" });
  }
  return prepared;
}
