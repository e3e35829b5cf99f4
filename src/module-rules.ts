import { adminProblems } from './auth/admin-problems.js';
import type { ConfigProblem, Env } from './config/env.js';
import { mailTextProblems, mailTextWarnings } from './mail/own-texts.js';

/** What is wrong with a configuration by the rules of modules, of which `config/` knows nothing. */
export const moduleProblems = (env: Env): ConfigProblem[] => [...adminProblems(env), ...mailTextProblems(env)];

/** What is unwise by the same rules. */
export const moduleWarnings = (env: Env): string[] => mailTextWarnings(env);
