import { setTimeout as delay } from 'node:timers/promises';
import { KeyRotation } from '../keys/key-rotation.js';
import { RELOAD_SECONDS } from '../keys/keys.service.js';
import { withChanges, withServices } from './operator-context.js';
import { tell, textOf } from './output.js';

/** What the `keys` commands do, apart from how they are called. */
export async function listKeys(): Promise<void> {
  await withServices(async (app) => {
    const rotation = app.get(KeyRotation);
    // Under another secret a list would tell nothing.
    await rotation.assertOpened();
    const keys = await rotation.list();
    const lines = keys.map(({ kid, algorithm, phase, activeFrom, verifications, lastSeenAt }) => {
      const seen = lastSeenAt ? `last seen ${textOf(lastSeenAt)}` : 'never seen';
      return `${kid}  ${algorithm}  ${phase.padEnd(9)}  from ${textOf(activeFrom)}  ${verifications} tokens, ${seen}`;
    });
    tell(lines, keys);
  });
}

export async function rotateKey({ now = false }: { now?: boolean }): Promise<void> {
  await withChanges(async (app) => {
    const key = await app.get(KeyRotation).rotate(now);
    tell(`A new key is published. It signs from ${key.activeFrom.toISOString()}.`, key);
  });
}

export async function revokeKey(kid: string): Promise<void> {
  await withChanges(async (app) => {
    const rotation = app.get(KeyRotation);
    await rotation.revoke(kid);
    // By the time this command ends, every instance that reaches the database refuses the key.
    await delay((RELOAD_SECONDS + 1) * 1000);
    await rotation.assertRevoked(kid);
    tell(`${kid} is revoked. Its tokens are refused; their owners refresh.`, { kid, revoked: true });
  });
}
