import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError, parseEnv } from '../../src/config/env.js';
import { parseEnvFile } from '../../src/config/env-file.js';
import { envSchema } from '../../src/config/env.schema.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const meta = z.object({ description: z.string().min(10), fallback: z.string() });
const settings = Object.entries(envSchema.shape).map(([name, schema]) => ({
  name,
  form: formOf(schema),
  ...meta.parse(schema.meta()),
}));

/** What the refusal of a nonsense value asks for, which is what the documentation shall say as well. */
function formOf(schema: z.ZodType): string {
  const message = schema.safeParse('[?').error?.issues[0]?.message ?? 'text';
  return message.replace(/^must be /, '');
}

describe('.env.example', () => {
  const example = read('.env.example');

  it('lists every setting with its line of explanation, and no other', () => {
    const listed = [...example.matchAll(/^# (.+)\n#?([A-Z_]+)=/gm)].map(([, comment, name]) => ({ name, comment }));
    const expected = settings.map(({ name, description, fallback }) => ({
      name,
      comment: `${description.replaceAll('`', '')}${fallback ? ` Default: ${fallback}.` : ''}`,
    }));
    expect(listed).toEqual(expected);
  });

  it('is refused as it stands: its secret is empty', () => {
    expect(() => parseEnv(parseEnvFile(example).values)).toThrow(ConfigError);
  });

  it('shows defaults that are the defaults', () => {
    const secret = { JWT_SECRET: 'q8Vt2LmZx0RkYc7NpDw4HsBf6JgUe1Aa' };
    const { values: shown } = parseEnvFile(example.replaceAll(/^#([A-Z_]+=.+)$/gm, '$1'));
    expect(parseEnv({ ...shown, ...secret })).toEqual(parseEnv(secret));
  });
});

describe('docs/configuration.md', () => {
  it('has a row for every setting, and no other', () => {
    const rows = [...read('docs/configuration.md').matchAll(/^\| `([A-Z_]+)` *\| (.*?) *\| (.*?) *\| (.*?) *\|$/gm)];
    const documented = rows.map(([, name, fallback, form, description]) => ({
      name,
      fallback: fallback?.replaceAll('`', ''),
      form,
      description,
    }));
    expect(documented).toEqual(settings);
  });
});
