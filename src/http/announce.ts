import type { Env } from '../config/env.js';
import { showsMails } from '../mail/mail-folder.js';

type AnnouncedEnv = Pick<Env, 'PUBLIC_URL' | 'IDE' | 'MAIL_URL' | 'NODE_ENV' | 'isProduction'>;

/** Tells a person at a terminal where to go next. In production the log is for machines, so this stays silent. */
export function announce(env: AnnouncedEnv): void {
  if (env.isProduction) return;
  const lines = [
    `Latchkey serves GraphQL at ${env.PUBLIC_URL}/graphql`,
    ...(env.IDE ? [`Try it in the playground:  ${env.PUBLIC_URL}/ide`] : []),
    ...(showsMails(env) ? [`Read the mails that it writes: ${env.PUBLIC_URL}/mails`] : []),
    'Create an administrator:   npm run cli -- user create you@example.com --role admin',
  ];
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
}
