/** The octets of a hex dump as RFC 7541 prints it, spaces and all. */
export function hex(dump: string): Uint8Array {
  return Uint8Array.from(dump.match(/[0-9a-f]{2}/g) ?? [], (octet) => Number.parseInt(octet, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
