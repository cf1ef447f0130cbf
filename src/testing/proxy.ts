import { createHttp2Server, type RequestHandler, type Server } from "./server.ts";

export interface ProxyOptions {
  host: string;
  tls: { cert: string; key: string; ca?: string | undefined } | undefined;
  /** The broker of that name; without a name, any. */
  route(brokerUrl: string | undefined): RequestHandler | undefined;
}

/** The proxy that Danube puts in front of a cluster: one address, and a header that says which broker is meant. */
export function createProxy({ host, tls, route }: ProxyOptions): { server: Server } {
  const handler: RequestHandler = (request, response) => {
    const name = request.headers["x-danube-broker-url"];
    const broker = route(Array.isArray(name) ? name[0] : name);
    if (broker) {
      broker(request, response);
      return;
    }
    // As Envoy answers gRPC calls to a broker that it cannot reach.
    response.writeHead(200, {
      "content-type": "application/grpc",
      "grpc-status": "14",
      "grpc-message": "upstream connect error or disconnect/reset before headers",
    });
    response.end();
  };
  return { server: createHttp2Server({ host, port: 0, tls, handler }) };
}
