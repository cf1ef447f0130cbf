import type { BrokerTransport, CreateTransport } from "./seam.ts";

/** A transport whose code is loaded with the first call on it: whoever takes another one does not wait for it. */
export function lazily(load: () => Promise<CreateTransport>): CreateTransport {
  return (url, options) => {
    let loading: Promise<BrokerTransport> | undefined;
    let closed = false;

    function loaded(): Promise<BrokerTransport> {
      loading ??= load().then((create) => {
        const transport = create(url, options);
        if (closed) {
          transport.close();
        }
        return transport;
      });
      return loading;
    }

    return {
      unary: async (...call) => (await loaded()).unary(...call),
      stream: async (...call) => (await loaded()).stream(...call),
      close() {
        closed = true;
        // What could not be loaded, its calls were told.
        loading?.then(
          (transport) => transport.close(),
          () => {},
        );
      },
    };
  };
}
