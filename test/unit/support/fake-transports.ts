import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import type { BrokerTransport, CreateTransport, TransportOptions } from "../../../src/transport/seam.ts";

/** A call that waits for the test to answer it. */
export interface FakeCall {
  /** Which transport it came on, counted from 0. */
  readonly transport: number;
  readonly method: string;
  readonly header: Headers;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  readonly input: unknown;
  answer(message?: Record<string, unknown>): void;
  fail(reason: unknown): void;
}

export interface FakeTransports {
  readonly createTransport: CreateTransport;
  readonly made: { url: string; options: TransportOptions; closed: number }[];
  readonly calls: FakeCall[];
}

/** Transports without a network; every call is settled by hand. */
export function fakeTransports(): FakeTransports {
  const made: FakeTransports["made"] = [];
  const calls: FakeCall[] = [];
  const createTransport: CreateTransport = (url, options) => {
    const index = made.push({ url, options, closed: 0 }) - 1;
    const call = (
      method: { name: string; output: DescMessage },
      [signal, timeoutMs, header, input]: [AbortSignal | undefined, number | undefined, unknown, unknown],
      wrap: (message: unknown) => unknown,
    ) =>
      new Promise((resolve, reject) => {
        calls.push({
          transport: index,
          method: method.name,
          header: new Headers(header as Headers),
          signal,
          timeoutMs,
          input,
          answer: (message = {}) =>
            resolve(wrap(create(method.output, message as MessageInitShape<typeof method.output>))),
          fail: reject,
        });
      });
    const transport = {
      unary: (method: never, ...rest: [undefined, number, unknown, unknown]) =>
        call(method, rest, (message) => ({ stream: false, message })),
      stream: (method: never, ...rest: [undefined, undefined, unknown, unknown]) =>
        call(method, rest, (message) => ({ stream: true, message: one(message) })),
      close() {
        (made[index] as { closed: number }).closed++;
      },
    };
    return transport as unknown as BrokerTransport;
  };
  return { createTransport, made, calls };
}

async function* one(message: unknown): AsyncGenerator<unknown> {
  yield message;
}
