import { MailAdministration } from '../administration/mail-administration.service.js';
import { Outbox } from '../mail/outbox.js';
import { withChanges, withServices } from './operator-context.js';
import { tell, textOf } from './output.js';

/** What the `mail` commands do, apart from how they are called. */
export async function listMails(): Promise<void> {
  await withServices(async (app) => {
    const mails = await app.get(Outbox).list();
    const lines = mails.map(({ id, template, recipient, createdAt, attempts, failedAt, lastError }) => {
      const state = failedAt ? 'given up' : 'waiting';
      const reason = lastError ? `  ${lastError}` : '';
      return `${id}  ${textOf(createdAt)}  ${template}  ${recipient}  ${state} after ${attempts} attempt(s)${reason}`;
    });
    const listed = mails.map(({ id, template, recipient, createdAt, attempts, failedAt = null, lastError = null }) => {
      return { id, template, recipient, createdAt, attempts, failedAt, lastError };
    });
    tell([...lines, `${mails.length} mail(s).`], listed);
  });
}

export async function retryMails(): Promise<void> {
  await withChanges(async (app) => {
    const due = await app.get(MailAdministration).retryAll();
    tell(`${due} mail(s) are due again.`, { due });
  });
}
