import type { Transport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { BrokerTransport, CreateTransport, TlsOptions } from "../../../src/transport/seam.ts";
import { selectTransport, type TransportName, type TransportTable } from "../../../src/transport/select.ts";
import type { TransportFactory } from "../../../src/transport/translate.ts";

const create: CreateTransport = () => ({ close() {} }) as BrokerTransport;
const socket = { create, cannot: { ca: "it trusts whom it likes", cert: "it has none" } };
const table: TransportTable = { auto: socket, node: "there is no Node", socket, fetch: "it fetches nothing" };

const select = (transport: TransportName | TransportFactory, tls?: TlsOptions) =>
  selectTransport({ transport, tls }, table);

test("by name, what the entry point has", () => {
  expect(select("auto")).toBe(create);
  expect(select("socket", {})).toBe(create);
});

test("what it does not have is refused, and why", () => {
  expect(() => select("node")).toThrow(new TypeError(`"transport" cannot be "node" here: there is no Node`));
});

test("settings that cannot be honoured are refused, and others are not", () => {
  expect(() => select("auto", { ca: "pem" })).toThrow(
    new TypeError(`"tls.ca" cannot be honoured here: it trusts whom it likes`),
  );
  expect(() => select("socket", { key: "k", cert: "c" })).toThrow(/^"tls.cert" cannot/);
  expect(select("auto", { ca: undefined, serverName: "b" })).toBe(create);
});

test("a transport of the user's gets whatever settings there are", () => {
  const given: unknown[] = [];
  const mine: TransportFactory = (url, { tls }) => {
    given.push(url, tls);
    return { unary: () => new Promise(() => {}) } as unknown as Transport;
  };
  select(mine, { ca: "pem" })("https://b", { tls: { ca: "pem" } });
  expect(given).toEqual(["https://b", { ca: "pem" }]);
});

test("what a user's function gives must be a transport", async () => {
  const refuses = (given: unknown) =>
    expect(() => select(() => given as Transport)("http://b", {})).toThrow(
      /^"transport" must give a Connect transport/,
    );
  refuses(undefined);
  refuses({});
  refuses(Promise.reject(new Error("nobody else would look at it")));
});
