import { Code } from "@connectrpc/connect";
import { calling } from "../calls.ts";
import { allRpcs, type ErrorRow, type Provoke, type RowContext, type Rpc } from "../row.ts";
import { changed, type Tamper } from "../wire.ts";

// What any call is answered: who asks, and whether both understand each other. The outcome is that of SendMessage.

/** Changes the call that is judged, and no other. */
function tampered(tamper: (rpc: Rpc, context: RowContext) => Tamper): Provoke {
  return (context, rpc) => calling(context, rpc, [tamper(rpc, context)]);
}

const header = (set: (headers: Headers, context: RowContext) => void): Provoke =>
  tampered((rpc, context) => changed(rpc, (_, headers) => set(headers, context)));

/** A field that no message has, after those that it has: it goes along as it is. */
const withField = (no: number, wireType: number, data: () => Uint8Array): Provoke =>
  tampered((rpc) =>
    changed<{ $unknown?: object[] }>(rpc, (message) => (message.$unknown = [{ no, wireType, data: data() }])),
  );

/** A field's bytes with their length before them. */
function lengthDelimited(length: number): Uint8Array {
  const prefix: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 7) {
    prefix.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  }
  const data = new Uint8Array(prefix.length + length);
  data.set(prefix);
  return data;
}

/** What brokers call each other with. */
export const brokerHeader = "x-danube-internal-broker";

const rejected = "rejected" as const;
/** The embedded broker has tokens, and no roles. */
const noRoles = "it knows who may do everything, and nobody else";

export const anyRows: ErrorRow[] = [
  {
    id: "no-token",
    rpcs: allRpcs,
    when: "access control, and no token",
    status: Code.Unauthenticated,
    words: "Authentication credentials are missing",
    error: { code: "UNAUTHENTICATED", outcome: rejected },
    recovery: "none",
    setups: ["secure"],
    provoke: header((headers) => headers.delete("authorization")),
  },
  {
    id: "bad-token",
    rpcs: allRpcs,
    when: "a token that is none, or has expired",
    status: Code.Unauthenticated,
    words: "Invalid token",
    error: { code: "UNAUTHENTICATED", outcome: rejected },
    recovery: "none",
    setups: ["secure"],
    provoke: header((headers) => headers.set("authorization", "Bearer of.bad.news")),
  },
  {
    id: "odd-token",
    rpcs: allRpcs,
    when: "a token with letters that are not ASCII",
    status: Code.Unauthenticated,
    words: "Authentication metadata is invalid",
    error: { code: "UNAUTHENTICATED", outcome: rejected },
    recovery: "none",
    setups: ["secure"],
    provoke: header((headers) => headers.set("authorization", "Bearer caf\u00e9")),
    onDemand: "it compares tokens as they are",
  },
  {
    id: "no-context",
    rpcs: allRpcs,
    when: "a call that did not pass the broker's own check of who calls",
    status: Code.Unauthenticated,
    words: "Security context missing",
    error: { code: "UNAUTHENTICATED", outcome: rejected },
    recovery: "none",
    unreal: "every call passes it",
    onDemand: "every call passes it",
  },
  {
    id: "no-jwt",
    rpcs: allRpcs,
    when: "a token, and a broker that is not set up for tokens",
    status: Code.FailedPrecondition,
    words: "JWT support is not enabled",
    error: { code: "UNAUTHENTICATED", outcome: rejected },
    recovery: "none",
    setups: ["no-jwt"],
    // Whoever calls itself a broker is let in all the same: by that, what the call needs is there before it.
    provoke: header((headers) => headers.delete(brokerHeader)),
    onDemand: "it has tokens or has none",
  },
  {
    id: "not-allowed",
    rpcs: allRpcs.filter((rpc) => rpc !== "HealthCheck"),
    when: "no role allows it to whom the token belongs",
    status: Code.PermissionDenied,
    words: "no binding grants … on … for service_account:…",
    error: { code: "PERMISSION_DENIED", outcome: rejected },
    recovery: "none",
    setups: ["secure"],
    provoke: header((headers, { tokens }) => headers.set("authorization", `Bearer ${tokens.nothing}`)),
    onDemand: noRoles,
  },
  {
    id: "roles-unread",
    rpcs: allRpcs.filter((rpc) => rpc !== "HealthCheck"),
    when: "the broker cannot read its roles",
    status: Code.PermissionDenied,
    words: "authorization check failed: …",
    error: { code: "PERMISSION_DENIED", outcome: rejected },
    recovery: "none",
    unreal: "it reads them from its own memory, which does not fail",
    onDemand: noRoles,
  },
  {
    id: "too-large",
    rpcs: allRpcs,
    when: "a request of more than 4 MiB",
    status: Code.OutOfRange,
    words: "Error, decoded message length too large: found … bytes, the limit is: 4194304 bytes",
    error: { code: "MESSAGE_TOO_LARGE", outcome: rejected },
    recovery: "none",
    provoke: withField(1_000, 2, () => lengthDelimited(5_000_000)),
    onDemand: "it has the limit for messages only; the size is checked here before anything is sent",
  },
  {
    id: "garbled",
    rpcs: allRpcs,
    when: "a request that is not what the broker's protocol says (other generations of brokers)",
    status: Code.Internal,
    words: "failed to decode Protobuf message: …",
    error: { code: "PROTOCOL", outcome: rejected },
    recovery: "none",
    provoke: withField(0, 0, () => new Uint8Array([0])),
    onDemand: "it is made with another library",
  },
  {
    id: "unimplemented",
    rpcs: allRpcs,
    when: "a call that the broker does not have (other generations of brokers)",
    status: Code.Unimplemented,
    words: "…",
    error: { code: "UNSUPPORTED", outcome: rejected },
    recovery: "none",
    provoke: tampered((rpc) => ({ rpc, method: "NoSuchMethod" })),
    onDemand: "it is made with another library",
  },
];
