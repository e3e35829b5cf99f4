/** `npm run bench`: what Latchkey costs, against servers that were written by hand. */
import { availableParallelism, cpus } from 'node:os';
import { program } from 'commander';
import { benchmark } from './benchmark.ts';
import { formatTable, type Findings, targetsTable } from './harness/report.ts';
import { Workshop } from './harness/workshop.ts';

const { json } = program
  .name('npm run bench --')
  .option('--json', 'one object on standard output, and nothing else')
  .parse()
  .opts<{ json?: boolean }>();

const workshop = new Workshop();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const all: Findings[] = [];
const started = performance.now();
for await (const findings of benchmark(workshop)) report(findings);

const targets = all.flatMap((findings) => findings.targets);
const machine = `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`;
const seconds = Math.round((performance.now() - started) / 1000);
if (json) {
  const medians = Object.assign({}, ...all.map((findings) => findings.medians)) as Record<string, number>;
  process.stdout.write(`${JSON.stringify({ machine, seconds, targets, medians })}\n`);
} else {
  console.log(`${formatTable(targetsTable(targets))}\n\n${machine}; ${seconds} s.`);
}
process.exit(targets.every(({ met }) => met) ? 0 : 1);

function report(findings: Findings): void {
  all.push(findings);
  if (!json) for (const table of findings.tables) console.log(`${formatTable(table)}\n`);
}
