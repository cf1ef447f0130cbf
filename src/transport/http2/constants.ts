// The numbers of RFC 9113.

/** §6: the frames. */
export const FrameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

/** §6: their flags; the same bit means different things in different frames. */
export const Flag = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** §6.5.2: the settings. */
export const Setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

/** §7: why a stream or a connection ends. */
export const ErrorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const;

/** §7. Any other number may come from a peer. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** §3.4: what a client begins with, before its SETTINGS. */
export const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** §4.1: length, type, flags, stream. */
export const frameHeaderBytes = 9;

/** §4.2, §6.5.2: the largest payload of a frame until the peer allows more. We never allow more. */
export const defaultMaxFrameSize = 16_384;

/** §6.9.2: what may be sent, on a stream and on a connection, until the peer says otherwise. */
export const defaultWindow = 65_535;

/** §6.9.1: no window goes beyond. */
export const maxWindow: number = 2 ** 31 - 1;

/** §5.1.1: a connection has no more streams after this one. */
export const maxStreamId: number = 2 ** 31 - 1;

/** The name of an error code, for messages. */
export function errorName(code: number): string {
  const name = Object.entries(ErrorCode).find(([, value]) => value === code)?.[0];
  return name?.replace(/[A-Z]|\d+/g, (part) => `_${part}`).toUpperCase() ?? `error ${code}`;
}
