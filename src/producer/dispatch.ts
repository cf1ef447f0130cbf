import { checkInteger, checkOneOf, checkOptions } from "../lib/check.ts";

/** What happens to messages at the broker; see `ProducerOptions.dispatch`. */
export type Dispatch = "reliable" | "non-reliable";

/** What {@link reliable} takes: how brokers before October 2025 (0.4) keep a reliable topic. */
export interface ReliableOptions {
  /** The size of a segment of the topic's log, in MiB; whole segments are dropped. Default 20. */
  segmentSizeMb?: number | undefined;
  /**
   * When a segment may be dropped: when every subscription has acknowledged it, or when it is `retentionSeconds` old.
   * Default `"until-acknowledged"`: nobody who asks for reliable expects unread messages to expire.
   */
  retention?: "until-acknowledged" | "until-expired" | undefined;
  /** How old a segment gets, in seconds. Default 86,400. */
  retentionSeconds?: number | undefined;
}

/** Reliable dispatch with the options of older brokers; made by {@link reliable}. */
export interface ReliableDispatch {
  /** Always `"reliable"`. */
  readonly type: "reliable";
  /** See {@link ReliableOptions.segmentSizeMb}. */
  readonly segmentSizeMb: number;
  /** See {@link ReliableOptions.retention}. */
  readonly retention: "until-acknowledged" | "until-expired";
  /** See {@link ReliableOptions.retentionSeconds}. */
  readonly retentionSeconds: number;
  /** Whether any of it was asked for, and not only left to the defaults. */
  readonly chosen: boolean;
}

const optionNames = ["segmentSizeMb", "retention", "retentionSeconds"] as const satisfies (keyof ReliableOptions)[];

/**
 * Reliable dispatch, with what brokers before October 2025 want to know about retention. In newer ones retention is
 * the broker's own (`storage.local_retention` of its configuration): options that were given raise the warning
 * `RETENTION_IGNORED` there, once, and the topic is reliable all the same.
 *
 * Throws `TypeError` for wrong options.
 *
 * @example
 * ```ts
 * dispatch: reliable({ segmentSizeMb: 5, retention: "until-expired", retentionSeconds: 3_600 })
 * ```
 */
export function reliable(options: ReliableOptions = {}): ReliableDispatch {
  checkOptions("the options of reliable()", options, optionNames);
  const { segmentSizeMb = 20, retention = "until-acknowledged", retentionSeconds = 86_400 } = options;
  checkInteger("segmentSizeMb", segmentSizeMb, 1);
  checkOneOf("retention", retention, ["until-acknowledged", "until-expired"]);
  checkInteger("retentionSeconds", retentionSeconds, 1);
  const chosen = Object.values(options).some((value) => value !== undefined);
  return { type: "reliable", segmentSizeMb, retention, retentionSeconds, chosen };
}

/** Checks the `dispatch` option of `createProducer` where it is a word. Throws `TypeError`. */
export function checkDispatch(dispatch: unknown): asserts dispatch is Dispatch {
  checkOneOf("dispatch", dispatch, ["reliable", "non-reliable"]);
}

/** The same where it is an object: what `reliable()` made, or what looks like it. Gives what is to be gone by. */
export function checkedReliable(dispatch: ReliableDispatch): ReliableDispatch {
  if ((dispatch as { type?: unknown } | null)?.type !== "reliable") {
    checkDispatch(dispatch);
  }
  const { type: _, chosen, ...options } = dispatch;
  const checked = reliable(options);
  return chosen === false ? { ...checked, chosen } : checked;
}
