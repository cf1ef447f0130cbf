import { expect, test } from "vitest";
import { createEnvelopes } from "../../../../src/transport/envelopes.ts";

// Lengths of 3, of none, and of more than one byte; the flags of the second are none that there are.
const messages = [
  [0, 0, 0, 0, 3, 1, 2, 3],
  [255, 0, 0, 0, 0],
  [0, 0, 0, 1, 4, ...Array.from({ length: 260 }, (_, i) => i)],
];
const body = Uint8Array.from(messages.flat());
const ends = new Set([0, 8, 13, body.length]);

test.each([1, 2, 3, 7, 300])("is whole at the end of each message, and nowhere else, in pieces of %d", (size) => {
  const envelopes = createEnvelopes();
  for (let at = 0; at < body.length; at += size) {
    expect(envelopes.whole(), `after ${at} bytes`).toBe(ends.has(at));
    envelopes.push(body.subarray(at, at + size));
  }
  expect(envelopes.whole()).toBe(true);
});

test("a message of 2^32-1 bytes is not taken for a negative length", () => {
  const envelopes = createEnvelopes();
  envelopes.push(Uint8Array.of(0, 255, 255, 255, 255, 1));
  expect(envelopes.whole()).toBe(false);
});
