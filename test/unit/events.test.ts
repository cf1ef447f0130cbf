import { beforeEach, describe, expect, test, vi } from "vitest";
import { createEventLog, type DanubeEvent, type WarningEvent } from "../../src/events.ts";

const connected = (i: number): DanubeEvent => ({ type: "connected", url: `http://broker-${i}:6650` });
const warning = (message: string, code: WarningEvent["code"] = "BROKER_ADDRESS"): WarningEvent => ({
  type: "warning",
  code,
  message,
});

const warn = vi.spyOn(console, "warn");
const error = vi.spyOn(console, "error");

beforeEach(() => {
  warn.mockReset().mockImplementation(() => {});
  error.mockReset().mockImplementation(() => {});
});

describe("without a listener", () => {
  test("each warning is printed once", () => {
    const log = createEventLog(undefined);
    log.emit(warning("one"));
    log.emit(warning("one"));
    log.emit(warning("two"));
    log.emit(warning("one", "AMBIGUOUS_OWNER"));
    expect(warn.mock.calls).toEqual([["danube: one"], ["danube: two"], ["danube: one"]]);
    expect(log.warnings()).toEqual([warning("one"), warning("two"), warning("one", "AMBIGUOUS_OWNER")]);
  });

  test("many of one kind do not hide another", () => {
    const log = createEventLog(undefined);
    for (let i = 0; i < 1_000; i++) {
      log.emit(warning(String(i)));
    }
    log.emit(warning("other", "SCHEMA_DIFFERS"));
    expect(warn).toHaveBeenCalledTimes(101);
    expect(log.warnings().at(-1)).toEqual(warning("other", "SCHEMA_DIFFERS"));
  });

  test("other events are kept and not printed", () => {
    const log = createEventLog(undefined);
    log.emit(connected(1));
    expect(warn).not.toHaveBeenCalled();
    expect(error).not.toHaveBeenCalled();
    expect(log.recent()).toEqual([connected(1)]);
    expect(log.warnings()).toEqual([]);
  });
});

describe("with a listener", () => {
  test("it gets everything in order, warnings once, and the console nothing", () => {
    const heard: DanubeEvent[] = [];
    const log = createEventLog((event) => heard.push(event));
    const events = [connected(1), warning("one"), connected(1), warning("one"), connected(2)];
    events.forEach(log.emit);
    expect(heard).toEqual([connected(1), warning("one"), connected(1), connected(2)]);
    expect(log.recent()).toEqual(heard);
    expect(warn).not.toHaveBeenCalled();
  });

  test("one that throws disturbs nobody, and goes on being told", () => {
    const heard: DanubeEvent[] = [];
    const failure = new Error("in the listener");
    const log = createEventLog((event) => {
      heard.push(event);
      throw failure;
    });
    expect(() => log.emit(connected(1))).not.toThrow();
    log.emit(connected(2));
    expect(heard).toHaveLength(2);
    expect(error.mock.calls.map(([, reason]) => reason)).toEqual([failure, failure]);
    expect(log.recent()).toHaveLength(2);
  });
});

describe("what is kept", () => {
  test("the newest 100 events, oldest first", () => {
    const log = createEventLog(() => {});
    for (let i = 1; i <= 250; i++) {
      log.emit(connected(i));
    }
    expect(log.recent()).toEqual(Array.from({ length: 100 }, (_, i) => connected(151 + i)));
  });

  test("warnings outlive the events around them, and do not grow without end", () => {
    const log = createEventLog(() => {});
    log.emit(warning("first"));
    for (let i = 0; i < 300; i++) {
      log.emit(connected(i));
    }
    expect(log.warnings()).toEqual([warning("first")]);
    for (let i = 0; i < 300; i++) {
      log.emit(warning(`number ${i}`));
    }
    expect(log.warnings()).toHaveLength(100);
    expect(log.recent()).toHaveLength(100);
  });

  test("copies are given out", () => {
    const log = createEventLog(() => {});
    log.emit(warning("one"));
    log.recent().length = 0;
    log.warnings().length = 0;
    expect(log.recent()).toHaveLength(1);
    expect(log.warnings()).toHaveLength(1);
  });
});
