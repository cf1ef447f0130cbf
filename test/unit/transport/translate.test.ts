import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import {
  Discovery,
  TopicLookupResponse_LookupType as LookupType,
  ProducerService,
  TopicLookupResponseSchema,
} from "../../../gen/danube/danube_api_pb.ts";
import { connect } from "../../../src/index.ts";

// Any Connect transport can be given as `transport`: here Connect's own in-memory one.

function inMemory(send: () => void) {
  let sends = 0;
  const transport = createRouterTransport(({ service }) => {
    service(Discovery, {
      topicLookup: () =>
        create(TopicLookupResponseSchema, { responseType: LookupType.Connect, connectUrl: "http://a:1" }),
    });
    service(ProducerService, {
      createProducer: ({ producerName }) => ({ producerId: 1n, producerName }),
      sendMessage: ({ requestId }) => {
        sends++;
        send();
        return { requestId };
      },
    });
  });
  return { transport, sends: () => sends };
}

async function publish(transport: ReturnType<typeof createRouterTransport>): Promise<unknown> {
  await using danube = connect({ brokers: "http://a:1", transport: () => transport, onEvent: () => {} });
  const { send } = await danube.createProducer({ topic: "/default/memory" });
  return send("x").then(
    ({ sequence }) => sequence,
    (reason: unknown) => reason,
  );
}

describe("a Connect transport given as `transport`", () => {
  test("carries the calls, and needs no close()", async () => {
    const { transport, sends } = inMemory(() => {});
    expect(await publish(transport)).toBe(1n);
    expect(sends()).toBe(1);
  });

  test("the broker's statuses are looked up in the error table", async () => {
    const { transport, sends } = inMemory(() => {
      throw new ConnectError(
        "Message size 9 exceeds maximum allowed 5 for topic /default/memory",
        Code.InvalidArgument,
      );
    });
    expect(await publish(transport)).toMatchObject({ code: "MESSAGE_TOO_LARGE", outcome: "rejected" });
    expect(sends()).toBe(1);
  });

  test("what passes is tried again", async () => {
    let failures = 2;
    const { transport, sends } = inMemory(() => {
      if (failures-- > 0) {
        throw new ConnectError("try later", Code.Unavailable);
      }
    });
    expect(await publish(transport)).toBe(1n);
    expect(sends()).toBe(3);
  });
});
