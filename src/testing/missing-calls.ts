import type { ConnectRouter } from "@connectrpc/connect";
import type { ConnectNodeAdapterOptions } from "@connectrpc/connect-node";
import { type Feature, has, type Version } from "../protocol/features.ts";

/** The calls, by the beginning of their path, that only brokers with the feature have. */
const calls: readonly (readonly [feature: Feature, path: string])[] = [
  ["inlineSchema", "/danube.Discovery/GetSchema"],
  ["apiKeys", "/danube.AuthService/"],
  ["registry", "/danube_schema.SchemaRegistry/"],
  ["topicSchemaConfig", "/danube_schema.SchemaRegistry/ConfigureTopicSchema"],
  ["topicSchemaConfig", "/danube_schema.SchemaRegistry/UpdateTopicValidationPolicy"],
  ["topicSchemaConfig", "/danube_schema.SchemaRegistry/GetTopicSchemaConfig"],
  ["listSubjects", "/danube_schema.SchemaRegistry/ListSubjects"],
  ["nack", "/danube.ConsumerService/Nack"],
];

/** Takes the calls out of the router that brokers of `version` do not have. */
export function removeMissing({ handlers }: ConnectRouter, version: Version): void {
  const missing = calls.filter(([feature]) => !has(version, feature));
  const present = handlers.filter(({ requestPath }) => !missing.some(([, path]) => requestPath.startsWith(path)));
  handlers.splice(0, handlers.length, ...present);
}

/** Answers a call that is not there as tonic does: without a word. Tells the name of the call. */
export function answerMissing(note: (call: string) => void): NonNullable<ConnectNodeAdapterOptions["fallback"]> {
  return ({ url = "" }, response) => {
    note(url.slice(url.lastIndexOf("/") + 1));
    response.writeHead(200, { "content-type": "application/grpc", "grpc-status": "12" });
    response.end();
  };
}
