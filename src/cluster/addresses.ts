/** Danube's client port, for addresses given as a bare host name. */
const defaultPort = 6650;
/** A host has 253 characters at most. */
const longestUrl = 1_024;

/**
 * A broker's address as it is dialled and as transports are keyed: scheme, host and port, nothing else.
 *
 * Brokers before 0.7.2 advertise `host:port` without a scheme, and people write it so; `secure` says which scheme
 * is meant then. A bare host gets Danube's port; a URL keeps the port that its scheme implies.
 */
export function normaliseUrl(address: string, secure: boolean): string {
  const text = address.trim();
  if (text.length > longestUrl) {
    throw new TypeError(`a broker URL has no more than ${longestUrl} characters`);
  }
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = parsed(hasScheme ? text : `${secure ? "https" : "http"}://${text}`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`a broker URL begins with http:// or https://, not ${url.protocol}//`);
  }
  if (
    url.hostname === "" ||
    url.username !== "" ||
    url.password !== "" ||
    url.pathname !== "/" ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    throw new TypeError("a broker URL is a scheme, a host and a port");
  }
  if (!hasScheme && url.port === "" && !/:\d+\/?$/.test(text)) {
    url.port = String(defaultPort);
  }
  return url.origin;
}

/** Some runtimes repeat in their words what they could not read, with the password that may be in it. */
function parsed(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new TypeError("this is no URL");
  }
}

/**
 * Whether what is sent to `url` stays on this machine. Names below `localhost` are resolved by whoever is asked for names: not all
 * resolvers know them (RFC 6761 §6.3).
 */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** `0.0.0.0` and `::` are addresses to listen on; nobody else can dial them. */
export function isUnspecified(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "0.0.0.0" || hostname === "[::]";
}
