// The client that the gRPC conformance runner puts to the test (`npm run conformance`): it reads from stdin which calls to
// make, and writes to stdout what came of each. Its argument names the transport. As in a client of brokers, all calls to a
// server share one, at the same time.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  type ClientCompatRequest,
  ClientCompatRequestSchema,
  ClientCompatResponseSchema,
  ClientErrorResultSchema,
  type ClientResponseResult,
  ClientResponseResultSchema,
} from "../../.conformance/gen/connectrpc/conformance/v1/client_compat_pb.ts";
import {
  type ConformancePayload,
  ConformancePayloadSchema,
  ConformanceService,
  type Error as ErrorMessage,
  ErrorSchema,
  type Header,
  HeaderSchema,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  UnaryRequestSchema,
} from "../../.conformance/gen/connectrpc/conformance/v1/service_pb.ts";
import { chainText, findCause } from "../../src/transport/failure.ts";
import { type BrokerTransport, CallFailure, type FailureKind } from "../../src/transport/seam.ts";
import type { TransportName } from "../../src/transport/select.ts";
import { nodeTransports } from "../../src/transport/transports-node.ts";

const { create: createTransport } = nodeTransports[process.argv[2] as TransportName];
const transports = new Map<string, BrokerTransport>();

function transportTo({ host, port, serverTlsCert, clientTlsCreds }: ClientCompatRequest): BrokerTransport {
  const url = `${serverTlsCert.length > 0 ? "https" : "http"}://${host}:${port}`;
  let transport = transports.get(url);
  if (!transport) {
    const { cert, key } = clientTlsCreds ?? {};
    transport = createTransport(url, { tls: { ca: serverTlsCert, cert, key } });
    transports.set(url, transport);
  }
  return transport;
}

async function call(request: ClientCompatRequest): Promise<ClientResponseResult> {
  const client = createClient(ConformanceService, transportTo(request));
  const result = create(ClientResponseResultSchema);
  const [message] = request.requestMessages.map(({ value }) => value);
  const abort = new AbortController();
  const options: CallOptions = {
    headers: request.requestHeaders.flatMap(({ name, value }) => value.map((one): [string, string] => [name, one])),
    signal: abort.signal,
    ...(request.timeoutMs !== undefined && { timeoutMs: request.timeoutMs }),
    onHeader(header) {
      result.responseHeaders = headers(header);
    },
    onTrailer(trailer) {
      result.responseTrailers = headers(trailer);
    },
  };
  const came = ({ payload }: { payload?: ConformancePayload | undefined }) => {
    result.payloads.push(payload ?? create(ConformancePayloadSchema));
    if (cancel?.case === "afterNumResponses" && result.payloads.length === cancel.value) {
      abort.abort();
    }
  };
  const cancel = request.cancel?.cancelTiming;
  if (cancel?.case === "afterCloseSendMs") {
    setTimeout(() => abort.abort(), cancel.value);
  }
  try {
    if (request.method === "Unary") {
      came(await client.unary(fromBinary(UnaryRequestSchema, message as Uint8Array), options));
    } else if (request.method === "IdempotentUnary") {
      came(await client.idempotentUnary(fromBinary(IdempotentUnaryRequestSchema, message as Uint8Array), options));
    } else if (request.method === "Unimplemented") {
      await client.unimplemented({}, options);
    } else {
      for await (const response of client.serverStream(
        fromBinary(ServerStreamRequestSchema, message as Uint8Array),
        options,
      )) {
        came(response);
      }
    }
  } catch (reason) {
    const { error, metadata } = told(reason);
    result.error = error;
    result.responseTrailers = headers(metadata);
  }
  return result;
}

type Codes = Partial<Record<FailureKind, Code>>;
/** Those that say more than the error of Connect's below them. */
const codes: Codes = { aborted: Code.Canceled, deadline: Code.DeadlineExceeded };
/** Those that may have none below them. All others mean that there is no connection. */
const otherCodes: Codes = { reset: Code.Internal, garbled: Code.Internal };

/** A {@link CallFailure} in the words of gRPC. Nothing else may come of a call. */
function told(reason: unknown): { error: ErrorMessage; metadata: Headers } {
  const failure = findCause(reason, (cause) => cause instanceof CallFailure) as CallFailure | undefined;
  if (!failure) {
    throw reason;
  }
  const below = findCause(failure, (cause) => cause instanceof ConnectError) as ConnectError | undefined;
  const error = create(ErrorSchema, {
    code: codes[failure.kind] ?? below?.code ?? otherCodes[failure.kind] ?? Code.Unavailable,
    message: below?.rawMessage ?? failure.message,
    details: (below?.details ?? [])
      .filter((detail) => "type" in detail)
      .map(({ type, value }) => ({ typeUrl: `type.googleapis.com/${type}`, value })),
  });
  return { error, metadata: below?.metadata ?? new Headers() };
}

function headers(from: Headers): Header[] {
  return [...from].map(([name, value]) => create(HeaderSchema, { name, value: value.split(", ") }));
}

async function answer(request: ClientCompatRequest): Promise<void> {
  const response = create(ClientCompatResponseSchema, { testName: request.testName });
  try {
    response.result = { case: "response", value: await call(request) };
  } catch (reason) {
    response.result = { case: "error", value: create(ClientErrorResultSchema, { message: chainText(reason) }) };
  }
  const bytes = toBinary(ClientCompatResponseSchema, response);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  process.stdout.write(Buffer.concat([size, bytes]));
}

/** The runner's messages, each behind four bytes with its length. */
async function* requests(): AsyncGenerator<ClientCompatRequest> {
  let held = Buffer.alloc(0);
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE()) {
      const end = 4 + held.readUInt32BE();
      yield fromBinary(ClientCompatRequestSchema, held.subarray(4, end));
      held = held.subarray(end);
    }
  }
}

const underWay: Promise<void>[] = [];
for await (const request of requests()) {
  underWay.push(answer(request));
}
await Promise.all(underWay);
for (const transport of transports.values()) {
  transport.close();
}
