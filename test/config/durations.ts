import { envSchema } from '../../src/config/env.schema.js';

/** A setting that is a time, with its bounds as the refusal of another value names them. */
export interface Duration {
  readonly name: string;
  readonly least: string;
  readonly greatest: string;
}

export const durations: readonly Duration[] = Object.entries(envSchema.shape).flatMap(([name, schema]) => {
  const message = schema.safeParse('[?').error?.issues[0]?.message ?? '';
  const [, least, greatest] = /^must be a duration from (\w+) to (\w+);/.exec(message) ?? [];
  return least && greatest ? [{ name, least, greatest }] : [];
});
