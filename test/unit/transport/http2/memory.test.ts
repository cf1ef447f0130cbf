import { expect, test } from "vitest";
import { createGivenUp } from "../../../../src/transport/http2/given-up.ts";
import { heldBytes } from "../../support/held-bytes.ts";
import { seeded } from "../../support/random.ts";
import { answer, data, good, headers, ok, rst, settings, windowUpdate } from "./frames.ts";
import { type Harness, harness } from "./harness.ts";

/** Calls that end in every way there is while the connection lives on. */
function thousand({ connection, call, feed, frames }: Harness, from: number, streams: WeakRef<object>[]): number {
  const random = seeded(from);
  let id = from;
  for (let i = 0; i < 1_000; i++, id += 2) {
    const one = call(new Uint8Array(random.pick([0, 10, 1_000])), {
      more: random.below(5) === 0,
      consume: i % 2 === 0,
    });
    streams.push(new WeakRef(one.stream));
    random.pick([
      () => feed(answer(id)),
      () => feed(headers(id, [...ok, "grpc-status", "5"], true)),
      () => feed(headers(id, ok), data(id, new Uint8Array(10_000)), headers(id, good, true)),
      () => feed(rst(id, 7)),
      () => feed(headers(id, ok), rst(id, 2)),
      () => feed(headers(id, ["x", "y"])),
      () => feed(windowUpdate(id, 0)),
      () => feed(headers(id, ok), data(id, new Uint8Array(10_000)), data(id, new Uint8Array(10_000))),
      () => {},
    ])();
    connection.cancel(one.stream);
    feed(windowUpdate(0, 500));
  }
  frames();
  return id;
}

test("a connection that lives on keeps nothing of the calls that are over", async () => {
  // The stream's window is small, and so is the peer's: some calls wait for one until their end.
  const all = harness({ streamWindow: 16_384 });
  all.feed(settings([4, 100]));
  const streams: WeakRef<object>[] = [];
  let id = 1;
  for (let i = 0; i < 5; i++) {
    id = thousand(all, id, streams);
  }
  await heldBytes();
  expect([all.connection.takesRequests(), all.connection.load()]).toEqual([true, 0]);
  expect(streams).toHaveLength(5_000);
  expect(streams.filter((stream) => stream.deref()).length).toBeLessThan(5);
});

test("streams that were given up are remembered only so long, and then so many", () => {
  const givenUp = createGivenUp(100);
  const add = (id: number) => givenUp.add({ id, credit: 10, gotHeaders: false });
  add(1);
  expect([givenUp.headers(1, false), givenUp.data(1, 10, false), givenUp.headers(1, true)]).toEqual(
    Array(3).fill("expected"),
  );
  expect([givenUp.size(), givenUp.headers(1, true), givenUp.data(1, 1, true)]).toEqual([0, "never", "never"]);
  for (let id = 3; id < 1_000; id += 2) {
    add(id);
  }
  expect(givenUp.size()).toBe(100);
  expect([givenUp.data(999, 11, false), givenUp.data(3, 1, false), givenUp.headers(1, true)]).toEqual(
    Array(3).fill("surplus"),
  );
  expect([givenUp.data(799, 1, false), givenUp.data(801, 1, false), givenUp.data(1_001, 1, false)]).toEqual([
    "surplus",
    "expected",
    "never",
  ]);
  givenUp.reset(997);
  expect(givenUp.size()).toBe(99);
});
