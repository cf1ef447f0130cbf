import { promiseHooks } from "node:v8";
import { vi } from "vitest";

/** Walks what happens step by step: each round of promises is one, and each timer. For {@link virtualTime}. */
export interface Steps {
  /** Takes steps until `enough`; before each, `at` is told its number, from 0. Throws when nothing leads to an end. */
  walk(enough: () => boolean, at?: (step: number) => void): Promise<void>;
  /** Lets everything happen that waits for nothing but promises: sets off no timer. */
  settle(): Promise<void>;
  /** Looks at promises no more. Must be called. */
  end(): void;
}

/** When no promise had anything to do for so many rounds, only timers are left. A function of queueMicrotask hides in one. */
const quietRounds = 3;
const maxSteps = 20_000;

export function steps(): Steps {
  // Of this whole thread: how often something went on that had awaited a promise.
  let jobs = 0;
  const end = promiseHooks.onBefore(() => {
    jobs++;
  }) as () => void;

  /** Goes on round by round while `go` says so and there is something to do. */
  async function rounds(go: () => boolean): Promise<void> {
    for (let quiet = 0; quiet < quietRounds && go(); ) {
      const before = jobs;
      await undefined;
      // One of them is this.
      quiet = jobs - before > 1 ? 0 : quiet + 1;
    }
    // A rejection that nobody looks at by now is unhandled, as in the turns of an event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }

  return {
    end,
    settle: () => rounds(() => true),
    async walk(enough, at = () => {}) {
      let step = 0;
      const go = () => {
        if (!enough()) {
          at(step++);
        }
        return !enough();
      };
      for (await rounds(go); go(); await rounds(go)) {
        if (vi.getTimerCount() === 0 || step > maxSteps) {
          throw new Error(`after ${step} steps, nothing leads to an end`);
        }
        vi.advanceTimersToNextTimer();
      }
    },
  };
}
