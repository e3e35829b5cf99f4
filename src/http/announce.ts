import type { Env } from '../config/env.js';

/** Tells a person at a terminal where to go next. In production the log is for machines, so this stays silent. */
export function announce(env: Pick<Env, 'PUBLIC_URL' | 'IDE' | 'isProduction'>): void {
  if (env.isProduction) return;
  const lines = [
    `Latchkey serves GraphQL at ${env.PUBLIC_URL}/graphql`,
    ...(env.IDE ? [`Try it in the playground:  ${env.PUBLIC_URL}/ide`] : []),
    'Create an administrator:   npm run cli -- user create you@example.com --role admin',
  ];
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
}
