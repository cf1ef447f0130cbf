/**
 * Why a block was not decoded:
 *
 * - `"COMPRESSION_ERROR"`: it is not HPACK. The tables of both ends may differ from here on, so the connection is over (RFC 9113 §4.3).
 * - `"LIST_TOO_LARGE"`: it says more than we want to hear (RFC 9113 §6.5.2). With a dynamic table of size 0 there is
 *   nothing that the rest of it could have changed, and the connection may go on without this stream.
 */
export type HpackErrorCode = "COMPRESSION_ERROR" | "LIST_TOO_LARGE";

/** Every failure of the decoder. */
export class HpackError extends Error {
  override readonly name: string = "HpackError";
  readonly code: HpackErrorCode;

  constructor(code: HpackErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function compressionError(message: string): HpackError {
  return new HpackError("COMPRESSION_ERROR", message);
}
