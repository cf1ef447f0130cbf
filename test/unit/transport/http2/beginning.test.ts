import { describe, expect, test } from "vitest";
import { answer, brief, data, goaway, headers, ok, ping, settings, settingsAck } from "./frames.ts";
import { harness } from "./harness.ts";

test("we begin with the preface, our settings and the connection's window, before anything came", () => {
  const { frames, told } = harness({ streamWindow: 70_000, connectionWindow: 100_000 }, false);
  const sent = frames();
  expect(sent.map(brief)).toEqual(["SETTINGS", "WINDOW 0 34465"]);
  // HEADER_TABLE_SIZE 0, ENABLE_PUSH 0, INITIAL_WINDOW_SIZE 70,000, MAX_HEADER_LIST_SIZE 65,536.
  expect([...(sent[0]?.payload ?? [])]).toEqual([
    ...[0, 1, 0, 0, 0, 0],
    ...[0, 2, 0, 0, 0, 0],
    ...[0, 4, 0, 1, 0x11, 0x70],
    ...[0, 6, 0, 1, 0, 0],
  ]);
  expect(told).toEqual([]);
});

test("a request goes out without waiting for the peer's settings", () => {
  const { call, sent, feed, told } = harness({}, false);
  const one = call(Uint8Array.of(1, 2));
  expect(sent()).toEqual(["SETTINGS", "WINDOW 0 16711681", "HEADERS 1 1", "DATA 1 2 end"]);
  feed(settings(), settingsAck, answer(1));
  expect(sent()).toEqual(["SETTINGS ack"]);
  expect(told).toEqual(["begin"]);
  expect(one.events.at(-1)).toBe("headers grpc-status 0 end");
});

test("requests have odd numbers, one after the other; one without a body ends with its fields", () => {
  const { call, sent } = harness();
  call();
  call(Uint8Array.of(1));
  call(undefined, { more: true });
  expect(sent()).toEqual(["HEADERS 1 1 end", "HEADERS 3 1", "DATA 3 1 end", "HEADERS 5 1"]);
});

test("a body that comes piece by piece, and its end", () => {
  const { connection, call, sent } = harness();
  const one = call(undefined, { more: true });
  connection.write(one.stream, Uint8Array.of(1, 2, 3), false);
  connection.write(one.stream, new Uint8Array(0), false);
  connection.write(one.stream, undefined, true);
  connection.write(one.stream, Uint8Array.of(4), false);
  expect(sent()).toEqual(["HEADERS 1 1", "DATA 1 3", "DATA 1 0 end"]);
  const other = call(undefined, { more: true });
  connection.write(other.stream, Uint8Array.of(1, 2, 3), true);
  expect(sent()).toEqual(["HEADERS 3 1", "DATA 3 3 end"]);
  expect([one.events, other.events]).toEqual([["drain"], ["drain"]]);
});

test("settings are acknowledged, each before what is sent by them, and acknowledgements are not", () => {
  const { feed, sent, call, told } = harness({}, false);
  feed(settings([1, 0]));
  call();
  expect(sent().slice(2)).toEqual(["SETTINGS ack", "HEADERS 1 1 end"]);
  feed(settingsAck, settings([1, 4_096], [0x77, 5]), settings());
  expect(sent()).toEqual(["SETTINGS ack", "SETTINGS ack"]);
  expect(told).toEqual(["table 0", "begin", "table 4096"]);
});

test("HEADER_TABLE_SIZE twice in one frame: the encoder is told of both, the smaller one matters", () => {
  const { feed, told } = harness();
  feed(settings([1, 10], [1, 4_096]));
  expect(told).toEqual(["table 10", "table 4096"]);
});

test("a PING is answered with its bytes, and the answer to one of ours is not", () => {
  const { connection, feed, frames } = harness();
  feed(ping([8, 7, 6, 5, 4, 3, 2, 1]));
  const [pong] = frames();
  expect([pong?.flags, ...(pong?.payload ?? [])]).toEqual([1, 8, 7, 6, 5, 4, 3, 2, 1]);
  connection.ping();
  const [asked] = frames();
  expect([asked?.type, asked?.flags, asked?.payload.length]).toEqual([6, 0, 8]);
  feed(ping(asked?.payload, true));
  expect(frames()).toEqual([]);
});

describe("the end of the connection", () => {
  test("closed by us: calls are lost, those that waited were never sent, and nothing goes out", () => {
    const { connection, call, feed, told, socket, sent } = harness();
    feed(settings([3, 1]));
    const [one, waiting] = [call(), call()];
    sent();
    connection.close();
    connection.close();
    connection.ended();
    expect([one.events, waiting.events]).toEqual([["failed lost"], ["failed refused"]]);
    expect(told).toEqual(["end "]);
    expect(socket.ended).toBe(1);
    expect(call().events).toEqual(["failed refused"]);
    connection.cancel(one.stream);
    connection.write(one.stream, Uint8Array.of(1), true);
    connection.ping();
    feed(goaway(0, 1), answer(1));
    connection.drained();
    expect(sent()).toEqual([]);
    expect([one.events, waiting.events, told]).toEqual([["failed lost"], ["failed refused"], ["end "]]);
  });

  test("ended by the peer, within a frame: calls are lost, with the cause", () => {
    const { connection, call, feed, told } = harness();
    const one = call();
    feed(headers(1, ok), data(1, "abc").subarray(0, 10));
    const cause = new Error("ECONNRESET");
    connection.ended(cause);
    connection.ended(new Error("again"));
    expect(one.events.slice(1)).toEqual(["failed lost"]);
    expect(one.failure?.cause).toBe(cause);
    expect(told).toEqual(["end Error"]);
  });

  test("what is told to one call may cancel others: they are told nothing", () => {
    const { connection, call } = harness();
    const others: ReturnType<typeof call>[] = [];
    connection.request(Uint8Array.of(0x82), undefined, false, {
      onHeaders() {},
      onData() {},
      onFailure: () => void others.forEach(({ stream }) => void connection.cancel(stream)),
    });
    others.push(call(), call());
    connection.close();
    expect(others.map(({ events }) => events)).toEqual([[], []]);
  });
});
