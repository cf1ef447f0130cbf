import type { DanubeError } from "./errors.ts";
import type { Generation } from "./protocol/generation.ts";

/** Something that deserves a person's attention, though the call goes on. Each is told once per client. */
export interface WarningEvent {
  /** Tells the kinds of events apart. */
  type: "warning";
  /** What it is about, stable. */
  code:
    | "BROKER_ADDRESS"
    | "BROKER_SILENT"
    | "ACCESS_NOT_ENFORCED"
    | "AMBIGUOUS_OWNER"
    | "SCHEMA_DIFFERS"
    | "RETENTION_IGNORED";
  /** For people; says what to do about it. */
  message: string;
}

/** A connection to a broker answered for the first time. */
export interface ConnectedEvent {
  /** Tells the kinds of events apart. */
  type: "connected";
  /** The URL that is dialled. */
  url: string;
}

/** A connection to a broker failed and was thrown away. */
export interface DisconnectedEvent {
  /** Tells the kinds of events apart. */
  type: "disconnected";
  /** The URL that was dialled. */
  url: string;
  /** Why. */
  error: DanubeError;
}

/** The broker that serves a topic was found. */
export interface OwnerFoundEvent {
  /** Tells the kinds of events apart. */
  type: "owner-found";
  /** The topic, or the partition. */
  topic: string;
  /** Where it is dialled. */
  url: string;
  /** What it calls itself. */
  brokerUrl: string;
}

/** What was known about a topic's owner turned out wrong and was dropped. */
export interface OwnerLostEvent {
  /** Tells the kinds of events apart. */
  type: "owner-lost";
  /** The topic, or the partition. */
  topic: string;
  /** Where it was thought to be. */
  url: string;
  /** What showed that it is not. */
  error: DanubeError;
}

/** A call failed in a way that passes; it is made again. */
export interface RetryingEvent {
  /** Tells the kinds of events apart. */
  type: "retrying";
  /** The topic, or the partition; of a call to the registry the subject, or what else it is about. */
  topic: string;
  /** The failures in a row, this one included. */
  attempt: number;
  /** Milliseconds until the next attempt. */
  delayMs: number;
  /** Why. */
  error: DanubeError;
}

/** After failures, the topic is served again. */
export interface RecoveredEvent {
  /** Tells the kinds of events apart. */
  type: "recovered";
  /** The topic, or the partition. */
  topic: string;
  /** Where it is served now. */
  url: string;
  /** Milliseconds from the first failure. */
  tookMs: number;
}

/** The brokers turned out to be of another generation than was believed, in the beginning the newest. */
export interface ProtocolFoundEvent {
  /** Tells the kinds of events apart. */
  type: "protocol-found";
  /** The generation; see `ConnectOptions.protocol`. */
  protocol: Generation;
  /** The broker that showed it. */
  url: string;
}

/** What a client tells about itself, to `onEvent` as it happens and in `status().events` afterwards. */
export type DanubeEvent =
  | WarningEvent
  | ConnectedEvent
  | DisconnectedEvent
  | OwnerFoundEvent
  | OwnerLostEvent
  | RetryingEvent
  | RecoveredEvent
  | ProtocolFoundEvent;

export interface EventLog {
  emit(event: DanubeEvent): void;
  /** The newest events, oldest first. */
  recent(): DanubeEvent[];
  warnings(): WarningEvent[];
  /** Events of a type so far; of warnings, each that was told. */
  count(type: DanubeEvent["type"]): number;
}

const kept = 100;

/**
 * Passes events on to the user's listener. Without one, warnings go to the console, since a warning that nobody
 * sees is none. A listener that throws does not disturb the client.
 */
export function createEventLog(onEvent: ((event: DanubeEvent) => void) | undefined): EventLog {
  const events: DanubeEvent[] = [];
  const warnings = new Map<string, WarningEvent>();
  const byType = new Map<DanubeEvent["type"], number>();
  // By code, so that many of one kind do not hide another.
  const counts = new Map<string, number>();
  return {
    emit(event) {
      if (event.type === "warning") {
        const key = `${event.code} ${event.message}`;
        const count = counts.get(event.code) ?? 0;
        if (warnings.has(key) || count >= kept) {
          return;
        }
        warnings.set(key, event);
        counts.set(event.code, count + 1);
      }
      byType.set(event.type, (byType.get(event.type) ?? 0) + 1);
      if (events.push(event) > kept) {
        events.shift();
      }
      if (!onEvent) {
        if (event.type === "warning") {
          console.warn(`danube: ${event.message}`);
        }
        return;
      }
      const complain = (error: unknown) => console.error("danube: onEvent failed", error);
      try {
        // An async listener rejects instead of throwing.
        Promise.resolve(onEvent(event) as unknown).catch(complain);
      } catch (error) {
        complain(error);
      }
    },
    recent: () => [...events],
    warnings: () => [...warnings.values()],
    count: (type) => byType.get(type) ?? 0,
  };
}
