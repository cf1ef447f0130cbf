import type { DanubeError } from "@danube-messaging/client";
import { expect, test } from "vitest";
import { sleep } from "../../src/lib/sleep.ts";
import { embeddedWorld } from "../soak/world.ts";
import { connect } from "./connect.ts";

// Messages that have less time than an attempt may take: no attempt ever comes to tell that it was late.

test("an owner that goes silent, and whose topic goes to another broker, is found out", async () => {
  const world = await embeddedWorld({ failoverMs: 200 });
  const danube = connect({
    brokers: world.urls,
    mapBrokerUrl: world.mapBrokerUrl,
    attemptTimeoutMs: 1_000,
    sendTimeoutMs: 300,
    onEvent: () => {},
  });
  try {
    const topic = "/default/short";
    const { send } = await danube.createProducer({ topic, dispatch: "reliable" });
    await send("before");
    const owner = world.embedded?.topics().find((state) => state.topic === topic)?.owner as number;
    // What is on the way is held, and nothing is closed; the broker behind it is gone.
    world.relays[owner]?.freeze(true);
    await world.kill?.(owner);
    const outcomes: string[] = [];
    for (const end = Date.now() + 10_000; outcomes.at(-1) !== "acknowledged" && Date.now() < end; await sleep(400)) {
      outcomes.push(
        await send("after").then(
          () => "acknowledged",
          ({ code, outcome }: DanubeError) => `${code} ${outcome}`,
        ),
      );
    }
    expect(outcomes.at(-1), outcomes.join(", ")).toBe("acknowledged");
    expect(outcomes[0]).toBe("TIMEOUT unknown");
    expect(danube.status().counters.ownersLost).toBeGreaterThan(0);
  } finally {
    await danube.close({ timeoutMs: 0 });
    await world.close();
  }
});
