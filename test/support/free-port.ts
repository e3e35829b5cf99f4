// Jest's global set-up loads this file with Node's own type stripping: it imports packages only and keeps to erasable
// syntax.
import getPort, { portNumbers } from 'get-port';

/** Below what systems hand out for port 0 and for the near end of a connection (Linux: from 32768 on). */
const FIRST_PORT = 11_000;
const PORTS_OF_A_WORKER = 500;
const WORKERS = 40;

/**
 * A TCP port for a process that is about to start, or to start again. Each of Jest's workers has ports of its own, and no
 * connection is given one of them: nobody else takes the port before the process has it, nor while it is down.
 */
export function freePort(): Promise<number> {
  const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS;
  const first = FIRST_PORT + worker * PORTS_OF_A_WORKER;
  return getPort({ port: portNumbers(first, first + PORTS_OF_A_WORKER - 1), reserve: true });
}
