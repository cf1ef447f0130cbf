import { type BrokerTransport, CallFailure, type CreateTransport } from "./seam.ts";

/** A transport whose code is loaded with the first call on it: whoever takes another one does not wait for it. */
export function lazily(load: () => Promise<CreateTransport>): CreateTransport {
  return (url, options) => {
    let loading: Promise<BrokerTransport> | undefined;
    let made: BrokerTransport | undefined;
    let closed = false;

    async function make(): Promise<BrokerTransport> {
      try {
        const create = await load();
        made = create(url, options);
      } catch (cause) {
        // Code may be on a network, too. The next call tries again.
        loading = undefined;
        throw new CallFailure("unreachable", `cannot load what connects to ${url}: ${String(cause)}`, { cause });
      }
      if (closed) {
        made.close();
      }
      return made;
    }

    function loaded(): Promise<BrokerTransport> {
      loading ??= make();
      return loading;
    }

    return {
      unary: async (...call) => (await loaded()).unary(...call),
      stream: async (...call) => (await loaded()).stream(...call),
      close() {
        closed = true;
        made?.close();
      },
    };
  };
}
