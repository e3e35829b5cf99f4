import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 30_000;
const POLL_MS = 20;

/** Resolves when the condition holds, which is expected to happen soon. Fails the test when it does not. */
export async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain: ${what}`);
    await delay(POLL_MS);
  }
}
