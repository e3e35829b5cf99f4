import { Outbox } from '../mail/outbox.js';
import { withServices } from './operator-context.js';

/** What the `mail` commands do, apart from how they are called. */
export async function listMails(): Promise<void> {
  await withServices(async (app) => {
    const mails = await app.get(Outbox).list();
    for (const { id, template, recipient, createdAt, attempts, failedAt, lastError } of mails) {
      const state = failedAt ? 'given up' : 'waiting';
      const reason = lastError ? `  ${lastError}` : '';
      say(
        `${id}  ${createdAt.toISOString()}  ${template}  ${recipient}  ${state} after ${attempts} attempt(s)${reason}`,
      );
    }
    say(`${mails.length} mail(s).`);
  });
}

export async function retryMails(): Promise<void> {
  await withServices(async (app) => {
    say(`${await app.get(Outbox).retryAll()} mail(s) are due again.`);
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
