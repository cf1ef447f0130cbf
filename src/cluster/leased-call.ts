import { Code } from "@connectrpc/connect";
import { closedError } from "../errors.ts";
import { timeLimit } from "../lib/time-limit.ts";
import { withPlainStatus } from "../protocol/error-trailer.ts";
import { type BrokerTransport, CallFailure, type Cancelable } from "../transport/seam.ts";
import type { Credentials } from "./credentials.ts";
import { presentable } from "./presentable.ts";
import type { Lease, Target, Transports } from "./transports.ts";

/** What every call of a client needs. */
export interface CallContext {
  readonly transports: Transports;
  readonly credentials: Credentials;
  /** The metadata of a call. */
  headers(target: Target, authorization: string | undefined): Headers;
  closed(): boolean;
}

/** What is called, and who is told. A failure is a `CallFailure`, or a `DanubeError`; see `Connections`. */
export interface LeasedRequest<A> {
  readonly target: Target;
  readonly timeoutMs: number;
  /** For the call that gets the token. */
  readonly withoutToken?: boolean | undefined;
  /** Makes the call; `call` is told what it comes to. */
  send(transport: BrokerTransport, header: Headers, call: LeasedCall<A>): Cancelable | undefined;
  /** The request goes out: from here on its fate can be unknown. */
  onSending(): void;
  /** `lease`: still to be ended, which is all that is left of the call. */
  onAnswer(answer: A, lease: Lease): void;
  onFailure(reason: unknown): void;
}

/**
 * A call to a broker: with the token, on the transport that is there or a new one, and once more where the token was refused and
 * there is another. Without promises, since there is one for every message, and a class, whose methods are made once.
 */
export class LeasedCall<A> implements Cancelable {
  readonly #context: CallContext;
  readonly #request: LeasedRequest<A>;
  #authorization: string | undefined;
  #refusals = 0;
  #lease: Lease | undefined;
  #running: Cancelable | undefined = undefined;
  #over = false;

  constructor(context: CallContext, request: LeasedRequest<A>) {
    this.#context = context;
    this.#request = request;
  }

  begin(): void {
    const { target, withoutToken } = this.#request;
    try {
      this.#refuseWhenClosed();
      const token = withoutToken ? undefined : this.#context.credentials.authorization(target.url);
      if (this.#over) {
        return;
      }
      if (typeof token === "function") {
        void this.#await(token);
      } else {
        this.#send(token);
      }
    } catch (reason) {
      this.#fail(reason);
    }
  }

  /** The broker answered. Means nothing after `cancel`, as with `onFailure`: some transports tell what became of it all the same. */
  onAnswer(answer: A): void {
    const lease = this.#lease;
    if (this.#over || !lease) {
      return;
    }
    lease.answered();
    // Who is told of a new connection may give the call up.
    if (!this.#over) {
      this.#over = true;
      this.#request.onAnswer(answer, lease);
    }
  }

  /** The call failed. */
  onFailure(reason: unknown): void {
    if (this.#over) {
      return;
    }
    const told =
      reason instanceof CallFailure ? presentable(withPlainStatus(reason), this.#context.credentials.hide) : reason;
    this.#end(told);
    // And so may who is told of a lost one.
    if (this.#over) {
      return;
    }
    if (told instanceof CallFailure && this.#hasOtherToken(told)) {
      // Another one, or the same in another form.
      this.#refusals++;
      this.begin();
    } else {
      this.#fail(told);
    }
  }

  cancel(): void {
    if (!this.#over) {
      this.#over = true;
      this.#running?.cancel();
      this.#end(new CallFailure("aborted", "the call was given up"));
    }
  }

  #send(authorization: string | undefined): void {
    const { target } = this.#request;
    this.#authorization = authorization;
    const lease = this.#context.transports.lease(target);
    if (this.#over) {
      // A user's own transport is made with code of the user's.
      lease.done();
      return;
    }
    this.#lease = lease;
    this.#request.onSending();
    try {
      const running = this.#request.send(lease.transport, this.#context.headers(target, authorization), this);
      // Unless it is over already, and another one has begun.
      if (this.#lease === lease) {
        this.#running = running;
      }
    } catch (reason) {
      this.onFailure(reason);
    }
  }

  /** A token that does not come is no reason to wait longer than the call may take. */
  async #await(ask: (signal: AbortSignal) => Promise<string>): Promise<void> {
    const limit = timeLimit(this.#request.timeoutMs);
    this.#running = { cancel: limit.end };
    try {
      const authorization = await ask(limit.signal);
      if (!this.#over) {
        this.#refuseWhenClosed();
        this.#send(authorization);
      }
    } catch (reason) {
      this.#fail(limit.isOver() ? new CallFailure("unreachable", "there was no token to be had in time") : reason);
    } finally {
      limit.end();
    }
  }

  #refuseWhenClosed(): void {
    if (this.#context.closed()) {
      throw closedError("the client");
    }
  }

  #hasOtherToken(failure: CallFailure): boolean {
    return (
      failure.status === Code.Unauthenticated &&
      this.#authorization !== undefined &&
      this.#context.credentials.refused(this.#authorization, this.#refusals + 1)
    );
  }

  /** Ends the lease, with what the call failed with. */
  #end(reason: unknown): void {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease) {
      endLease(lease, reason);
    }
  }

  #fail(reason: unknown): void {
    if (!this.#over) {
      this.#over = true;
      this.#request.onFailure(reason);
    }
  }
}

/** Ends a lease, with what the call failed with. */
export function endLease(lease: Lease, reason: unknown): void {
  if (reason instanceof CallFailure) {
    if (reason.kind === "status") {
      lease.answered();
    } else {
      lease.failed(reason);
    }
  }
  lease.done();
}
