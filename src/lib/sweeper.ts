/** Visits things from time to time, until they need no more visits. One timer for all, which keeps no process alive. */
export interface Sweeper {
  /** `visit`, which must not throw, is called again and again until it gives `true`. Adding it again changes nothing. */
  add(visit: () => boolean): void;
  /** Ends the visits, and takes no more. */
  close(): void;
}

export function createSweeper(everyMs: number): Sweeper {
  const visits = new Set<() => boolean>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let closed = false;

  function sweep(): void {
    for (const visit of visits) {
      if (visit()) {
        visits.delete(visit);
      }
    }
    if (visits.size === 0) {
      stop();
    }
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    add(visit) {
      if (closed) {
        return;
      }
      visits.add(visit);
      if (timer === undefined) {
        timer = setInterval(sweep, everyMs);
        // Where timers hold a process, this one does not.
        (timer as { unref?: () => void }).unref?.();
      }
    },
    close() {
      closed = true;
      visits.clear();
      stop();
    },
  };
}
