/** `npm run bench`: what Latchkey costs, against servers that were written by hand. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { Option, program } from 'commander';
import { benchmark } from './benchmark.ts';
import { saveResults } from './harness/readme.ts';
import { RATIOS, regressionsOf } from './harness/regressions.ts';
import { formatTable, type Findings, regressionsTable, targetsTable } from './harness/report.ts';
import { Workshop } from './harness/workshop.ts';

const options = program
  .name('npm run bench --')
  .option('--json', 'one object on standard output, and nothing else')
  .option('--save', 'keep the figures: the tables of bench/README.md, and what `npm run bench:check` compares with')
  .option('--peers', 'Better Auth and Vendure, too, which are downloaded for the occasion')
  .addOption(new Option('--check', 'a brief run, which fails when it is worse than what was kept').conflicts('save'))
  .parse()
  .opts<{ json?: boolean; save?: boolean; peers?: boolean; check?: boolean }>();

const workshop = new Workshop();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const extent = { isBrief: options.check ?? false, withPeers: options.peers ?? false };
const started = performance.now();
const all: Findings[] = [];
for await (const findings of benchmark(workshop, extent)) {
  all.push(findings);
  if (!options.json) for (const table of findings.tables) console.log(`${formatTable(table)}\n`);
}
const targets = all.flatMap((findings) => findings.targets);
const ratios = all.flatMap((findings) => findings.ratios ?? []);
const medians = Object.assign({}, ...all.map((findings) => findings.medians)) as Record<string, number>;
const seconds = Math.round((performance.now() - started) / 1000);
const machine = `Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`;
const regressions = options.check ? regressionsOf(ratios) : [];

if (options.json) {
  process.stdout.write(`${JSON.stringify({ machine, seconds, targets, medians, regressions })}\n`);
} else {
  const last = options.check ? regressionsTable(regressions) : targetsTable(targets);
  console.log(`${formatTable(last)}\n\n${machine}; ${seconds} s.`);
}
if (options.save) {
  const medianOfRatio = ratios.map(({ name, samples }) => [name, Number(samples.median.toFixed(3))]);
  writeFileSync(RATIOS, `${JSON.stringify(Object.fromEntries(medianOfRatio), null, 2)}\n`);
  saveResults([...all.flatMap(({ tables }) => tables), targetsTable(targets)], machine);
}
const isMet = options.check ? regressions.length === 0 : targets.every(({ met }) => met);
process.exit(isMet ? 0 : 1);
