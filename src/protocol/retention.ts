import type { EventLog } from "../events.ts";
import type { Retention } from "./dialect.ts";

/** Once: to brokers from 0.5 on the options of `reliable()` cannot be told. */
export function warnOfRetention(retention: Retention, events: EventLog): void {
  if (retention.chosen) {
    const message =
      "the options of reliable() have no effect on these brokers: since October 2025 (0.5) retention is set in their configuration (storage.local_retention; before 0.9, wal_cloud.wal.retention)";
    events.emit({ type: "warning", code: "RETENTION_IGNORED", message });
  }
}
