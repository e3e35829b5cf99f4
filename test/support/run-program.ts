import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Programs of the built project. `npm test` builds it; a single file of tests relies on the last `npm run build`. */
export const program = {
  server: fileURLToPath(new URL('../../dist/main.js', import.meta.url)),
  operator: fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)),
};

/** As `npm start` does it: the compiled form of the modules is kept between the many short runs. */
export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url)),
};

export interface ProgramRun {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface ProgramOptions {
  /** The whole environment: nothing of this process's own comes along. */
  env: Record<string, string>;
  /** The folder whose `.env` counts. */
  cwd: string;
  input?: string;
  /** Whether its output is read; if not, its readers are gone before it begins. */
  isRead?: boolean;
}

/** Runs a program of ours to its end. */
export async function runProgram(file: string, args: string[], options: ProgramOptions): Promise<ProgramRun> {
  const { env, cwd, input = '', isRead = true } = options;
  const child = spawn(process.execPath, [file, ...args], { env: { ...COMPILE_CACHE, ...env }, cwd });
  child.stdin.end(input);
  if (!isRead) child.stdout.destroy();
  const output = isRead ? text(child.stdout) : '';
  const [stdout, stderr] = await Promise.all([output, text(child.stderr), once(child, 'exit')]);
  return { exitCode: child.exitCode, stdout, stderr };
}
