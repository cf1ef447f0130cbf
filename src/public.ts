/** What every entry point exports, beside a `connect` of its own: one list, so that they cannot drift apart. */

// biome-ignore-start assist/source/organizeImports: by who needs them
// For users.
export { DanubeError, isDanubeError } from "./errors.ts";
export { reliable } from "./producer/dispatch.ts";
export { json } from "./schema/json.ts";
export { bytes, double, int64, text } from "./schema/plain.ts";

export type { Danube, DanubeStatus } from "./client.ts";
export type { ExpiringToken, TokenSource } from "./cluster/credentials.ts";
export type { ConnectionStatus } from "./cluster/transports.ts";
export type { DanubeErrorCode, DanubeErrorOptions, SendOutcome } from "./errors.ts";
export type {
  ConnectedEvent,
  DanubeEvent,
  DisconnectedEvent,
  OwnerFoundEvent,
  OwnerLostEvent,
  ProtocolFoundEvent,
  RecoveredEvent,
  RetryingEvent,
  WarningEvent,
} from "./events.ts";
export type { Backoff, BackoffOptions } from "./lib/backoff.ts";
export type { ConnectOptions } from "./options.ts";
export type { Access } from "./producer/attachment.ts";
export type { Dispatch, ReliableDispatch, ReliableOptions } from "./producer/dispatch.ts";
export type { MessageId, Payload } from "./producer/message.ts";
export type { CloseOptions, ProducerOptions, SendOptions } from "./producer/options.ts";
export type { Producer, ProducerStatus } from "./producer/producer.ts";
export type { Resend } from "./producer/resend.ts";
export type { Route, RoutedMessage } from "./producer/routing.ts";
export type { Order } from "./producer/window.ts";
export type { WritableOptions } from "./producer/writable.ts";
export type { JsonOptions } from "./schema/json.ts";
export type { Compatibility, RegisteredSchema, Registration } from "./schema/registry.ts";
export type {
  Register,
  Schema,
  SchemaBeforeRegistry,
  SchemaOptions,
  SchemaType,
  SchemaVersion,
} from "./schema/schema.ts";
export type {
  CheckOptions,
  CheckResult,
  DefinitionOptions,
  RegisterOptions,
  Schemas,
  SchemaVersionSummary,
  SubjectSummary,
  TopicSchemaOptions,
} from "./schema/schemas.ts";
export type { TopicSchema } from "./protocol/dialect.ts";
export type { Generation } from "./protocol/generation.ts";
export type { TopicSchemaConfig, ValidationOptions, ValidationPolicy } from "./schema/topic-schemas.ts";

// For those who bring a transport of their own.
export { CallFailure } from "./transport/seam.ts";
export type {
  BrokerTransport,
  CallFailureOptions,
  Cancelable,
  FailureKind,
  TlsOptions,
  TransportOptions,
  UnaryBytesCall,
  UnaryListener,
} from "./transport/seam.ts";
export type { TransportName } from "./transport/select.ts";
export type { TransportFactory } from "./transport/translate.ts";
// biome-ignore-end assist/source/organizeImports: by who needs them
