import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { chainText } from "./failure.ts";
import { CallFailure, type TlsOptions } from "./seam.ts";

/**
 * A socket to a broker's URL, with TLS where it says so. `onread`: where what comes goes, instead of "data" events. Throws a
 * {@link CallFailure} for a key or a certificate that is none.
 */
export function openSocket(url: string, tls: TlsOptions | undefined, onread?: OnReadOpts): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const reading = onread ? { onread } : {};
  try {
    return protocol === "https:"
      ? connectTls({ host, port: Number(port || 443), ALPNProtocols: ["h2"], ...reading, ...tlsOptions(host, tls) })
      : connectTcp({ host, port: Number(port || 80), ...reading });
  } catch (reason) {
    throw dialFailure(url, reason);
  }
}

function tlsOptions(host: string, tls: TlsOptions = {}): ConnectionOptions {
  const bytes = (pem: string | Uint8Array) => (typeof pem === "string" ? pem : Buffer.from(pem));
  // An address is no server name (RFC 6066), though certificates may bear it.
  const servername = tls.serverName ?? (isIP(host) ? undefined : host);
  return {
    // Said, so that NODE_TLS_REJECT_UNAUTHORIZED does not take it away from a client that nobody asked.
    rejectUnauthorized: true,
    ...(tls.ca !== undefined && { ca: Array.isArray(tls.ca) ? tls.ca.map(bytes) : bytes(tls.ca) }),
    ...(tls.cert !== undefined && { cert: bytes(tls.cert) }),
    ...(tls.key !== undefined && { key: bytes(tls.key) }),
    ...(servername !== undefined && { servername }),
  };
}

/** The runtimes' words for a host that cannot be reached; anything else that ends a TLS dial is TLS itself. */
const networkTrouble =
  /ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE|EADDR|refused|timed out|unreachable|getaddrinfo|socket (hang|was closed|disconnected)|was closed|aborted/i;

/** Why there is no connection. */
export function dialFailure(url: string, reason: unknown): CallFailure {
  const text = chainText(reason);
  const plaintext = /wrong.version.number|InvalidContentType/i.test(text)
    ? "; a broker without TLS has a URL that begins with http://"
    : "";
  return url.startsWith("https:") && !networkTrouble.test(text)
    ? new CallFailure("untrusted", `TLS with ${url} failed: ${text}${plaintext}`, { cause: reason })
    : new CallFailure("unreachable", `cannot connect to ${url}: ${text}`, { cause: reason });
}
