/** Danube's client port, for addresses given as a bare host name. */
const defaultPort = 6650;

/**
 * A broker's address as it is dialled and as transports are keyed: scheme, host and port, nothing else.
 *
 * Brokers before 0.7.2 advertise `host:port` without a scheme, and people write it so; `secure` says which scheme
 * is meant then. A bare host gets Danube's port; a URL keeps the port that its scheme implies.
 */
export function normaliseUrl(address: string, secure: boolean): string {
  const text = address.trim();
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = new URL(hasScheme ? text : `${secure ? "https" : "http"}://${text}`);
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

/** Whether what is sent to `url` stays on this machine. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

/** `0.0.0.0` and `::` are addresses to listen on; nobody else can dial them. */
export function isUnspecified(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "0.0.0.0" || hostname === "[::]";
}
