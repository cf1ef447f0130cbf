/** The octets of `bytes` from `start` to `end` as characters 0 to 0xff. (TextDecoder's "latin1" is another code, windows-1252.) */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  // In pieces, because arguments are limited.
  for (let at = start; at < end; at += 1024) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, Math.min(at + 1024, end)) as unknown as number[]);
  }
  return text;
}
