import { adminProblems } from './auth/admin-problems.js';
import type { ModuleRules } from './config/judgement.js';
import { mailTextProblems, mailTextWarnings } from './mail/own-texts.js';

/** The rules over settings that modules above `config/` know. */
export const moduleRules: ModuleRules = {
  problems: (env) => [...adminProblems(env), ...mailTextProblems(env)],
  warnings: mailTextWarnings,
};
