import { checkString } from "../lib/check.ts";

/**
 * Brokers accept more than this (letters of every script, an empty namespace) and trip over some of it later, and
 * they take every name with `-part-` in it for a partition.
 */
export function checkTopic(topic: unknown): asserts topic is string {
  checkString("topic", topic);
  if (!/^\/[\w-]+\/[\w-]+$/.test(topic)) {
    throw new TypeError(
      `"topic" must be /namespace/topic, of letters, digits, "_" and "-", not ${JSON.stringify(topic.slice(0, 200))}`,
    );
  }
  if (topic.includes("-part-")) {
    throw new TypeError(`"topic" must not contain "-part-", which is how brokers name partitions`);
  }
}
