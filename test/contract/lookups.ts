import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Discovery, TopicLookupResponse_LookupType as LookupType } from "../../gen/danube/danube_api_pb.ts";

/**
 * The brokers that say of themselves that they serve a topic, each asked directly: what the client makes of their
 * answers is not to be the judge of what it made of them.
 */
export async function brokersThatServe(urls: readonly string[], topics: readonly string[]): Promise<string[][]> {
  const byBroker = await Promise.all(urls.map((url) => served(url, topics)));
  return topics.map((topic) => urls.filter((_, i) => byBroker[i]?.has(topic)));
}

async function served(baseUrl: string, topics: readonly string[]): Promise<Set<string>> {
  const sessionManager = new Http2SessionManager(baseUrl);
  const { topicLookup } = createClient(Discovery, createGrpcTransport({ baseUrl, sessionManager }));
  try {
    const answers = await Promise.all(
      topics.map((topic) => topicLookup({ requestId: 1n, topic }).catch(() => ({ responseType: undefined }))),
    );
    return new Set(topics.filter((_, i) => answers[i]?.responseType === LookupType.Connect));
  } finally {
    sessionManager.abort();
  }
}
