import { explainEnv } from '../config/explained-env.js';
import { modeWarnings, readEnvFile, unknownNames } from '../config/load-env.js';
import { moduleRules } from '../module-rules.js';
import { complainOfConfig, tell } from './output.js';

/** What `config check` does. Nothing is connected to, and no value of a secret is shown. */
export function checkConfig(): void {
  const file = readEnvFile();
  const { settings, problems, warnings: unwise } = explainEnv(file, process.env, moduleRules);
  const unknown = unknownNames(file);
  const warnings = [...modeWarnings().map((warning) => `.env: ${warning}`), ...unwise];
  tell(
    [
      ...settings.flatMap(({ name, value, from, description }) => [
        `${name} = ${value ?? '-'}  (${from})`,
        `    ${description}`,
      ]),
      ...unknown.map((name) => `${name} in .env is not a setting of Latchkey and is ignored.`),
      ...warnings,
      ...(problems.length === 0 ? ['The server can start with this configuration.'] : []),
    ],
    { settings, unknown, warnings, problems },
  );
  if (problems.length === 0) return;
  complainOfConfig(problems);
  process.exitCode = 1;
}
