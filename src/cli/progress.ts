/** How far a command is, on a terminal: one line that is written again and again. */
export interface Progress {
  /** `done` messages and `bytes` of them are through; `share` of all, 0 to 1, where that is known. */
  update(done: number, bytes: number, share: number | undefined): void;
  /** Removes the line. */
  clear(): void;
}

export interface Terminal {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  write(text: string): unknown;
}

const everyMs = 100;
const barWidth = 24;

/** Writes nothing where `terminal` is none. */
export function createProgress(terminal: Terminal, now: () => number = Date.now): Progress {
  if (!terminal.isTTY) {
    return { update() {}, clear() {} };
  }
  const startedAt = now();
  let writtenAt = Number.NEGATIVE_INFINITY;
  return {
    update(done, bytes, share) {
      if (now() - writtenAt < everyMs) {
        return;
      }
      writtenAt = now();
      const text = `${bar(share)}${summary(done, bytes, now() - startedAt)}`;
      terminal.write(`\r\x1b[2K${text.slice(0, (terminal.columns ?? 80) - 1)}`);
    },
    clear() {
      if (writtenAt > Number.NEGATIVE_INFINITY) {
        terminal.write("\r\x1b[2K");
      }
    },
  };
}

/** For example `1,024 messages, 57.8 kB, 2,048 a second`. */
export function summary(messages: number, bytes: number, tookMs: number): string {
  const rate = tookMs > 0 ? Math.round((messages / tookMs) * 1_000) : messages;
  return `${count(messages, "message")}, ${size(bytes)}, ${rate.toLocaleString("en")} a second`;
}

export function count(n: number, what: string): string {
  return `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
}

function size(bytes: number): string {
  for (const [unit, factor] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes >= factor) {
      return `${(bytes / factor).toFixed(1)} ${unit}`;
    }
  }
  return count(bytes, "byte");
}

function bar(share: number | undefined): string {
  if (share === undefined) {
    return "";
  }
  const full = Math.round(Math.min(1, share) * barWidth);
  return `[${"#".repeat(full)}${"-".repeat(barWidth - full)}] ${Math.floor(share * 100)}% `;
}
