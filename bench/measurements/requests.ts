import type { Audience } from '../harness/audience.ts';
import { figure, type Findings, type Ratio, spread } from '../harness/report.ts';
import type { Scenario } from '../harness/scenarios.ts';
import { Samples } from '../harness/statistics.ts';

/** CPU milliseconds for each request, of each server in each scenario: [scenario][server]. */
export type CpuSamples = ReadonlyMap<Scenario, readonly Samples[]>;

/** So many times what is measured in one round. */
const WARM_UP = 3;

/** All servers take turns in every round, so that what slows the machine for a while slows all of them. */
export async function measureRequests(
  audiences: readonly Audience[],
  scenarios: readonly Scenario[],
  rounds: number,
): Promise<CpuSamples> {
  // Not counted: code that is not compiled yet, documents that nobody has parsed.
  for (const scenario of scenarios) {
    const warmUp = { ...scenario, requests: WARM_UP * scenario.requests };
    for (const audience of audiences) await audience.ask(warmUp);
  }
  const samples = new Map(scenarios.map((scenario) => [scenario, audiences.map((): number[] => [])]));
  for (let round = 0; round < rounds; round++) {
    for (const [scenario, ofServers] of samples) {
      for (const [index, audience] of audiences.entries()) {
        ofServers[index]?.push(await audience.cpuPerRequest(scenario));
      }
    }
  }
  return new Map([...samples].map(([scenario, values]) => [scenario, values.map((it) => new Samples(it))]));
}

/** The first server against each of the others. */
export function requestFindings(title: string, servers: readonly string[], samples: CpuSamples): Findings {
  const [ours = '', ...others] = servers;
  const medians: Record<string, number> = {};
  const ratios: Ratio[] = [];
  const rows = [...samples].map(([{ name }, [own, ...rest]]) => {
    if (!own) return [name];
    for (const [index, it] of [own, ...rest].entries()) medians[`cpu ms: ${name}: ${servers[index] ?? ''}`] = it.median;
    for (const [index, it] of rest.entries()) {
      ratios.push({ name: `CPU of ${name}, against ${others[index] ?? ''}`, samples: own.per(it), better: 'less' });
    }
    return [
      name,
      `${figure(own.median)} ms`,
      ...rest.flatMap((it) => [`${figure(it.median)} ms`, spread(own.per(it))]),
    ];
  });
  const head = ['CPU for each request', ours, ...others.flatMap((name) => [name, `${ours} / ${name}`])];
  return { tables: [{ title, head, rows }], targets: [], ratios, medians };
}
