import { concat } from "../lib/concat.ts";

/**
 * The lines of a stream of bytes, without their ends (LF or CRLF), as bytes: what is no UTF-8 stays as it is. An
 * empty line is a line; after a last LF there is none.
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      parts.push(chunk.subarray(start, end));
      yield withoutReturn(concat(parts));
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) {
      // A copy, which a Buffer's own slice is not: the stream may use its buffer again.
      parts.push(new Uint8Array(chunk.subarray(start)));
    }
  }
  if (parts.length > 0) {
    yield concat(parts);
  }
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}
