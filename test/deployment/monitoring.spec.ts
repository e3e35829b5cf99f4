import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { documentedTable } from '../support/documented-table.js';

const pathOf = (name: string) => fileURLToPath(new URL(`../../docs/operations/${name}`, import.meta.url));

interface Panel {
  type: string;
  targets?: { expr: string }[];
}

const dashboard = JSON.parse(readFileSync(pathOf('dashboard.json'), 'utf8')) as { panels: Panel[] };
const rules = parse(readFileSync(pathOf('alerts.yaml'), 'utf8')) as {
  groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
};
const figures = documentedTable('Figures', 'operations/metrics.md');
const alerts = rules.groups.flatMap((group) => group.rules);
const expressions = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...alerts.map(({ expr }) => expr),
];

describe('dashboard and alerts', () => {
  it.each(expressions)('ask for figures and labels that there are: %s', (expression) => {
    for (const [, name = '', labels = ''] of expression.matchAll(/(latchkey_\w+)(?:\{([^}]*)\})?/g)) {
      const [documented = ''] = figures.get(name.replace(/_bucket$/, '')) ?? figures.get(name) ?? [];
      expect([name, figures.has(name.replace(/_(bucket|count|sum)$/, ''))]).toEqual([name, true]);
      const known = [...documented.split(',').map((label) => label.trim()), 'instance', 'job'];
      for (const [, label] of labels.matchAll(/(\w+)[=!]~?"/g)) expect(known).toContain(label);
    }
  });

  it('show every figure', () => {
    const shown = expressions.join('\n');
    expect([...figures.keys()].filter((name) => !shown.includes(name))).toEqual([]);
  });

  it('say for every alert what is wrong and what to do', () => {
    for (const { alert, annotations } of alerts) {
      expect([alert, Object.keys(annotations).sort()]).toEqual([alert, ['action', 'summary']]);
    }
  });

  it('have rules that Prometheus accepts, where promtool is installed', () => {
    const run = spawnSync('promtool', ['check', 'rules', pathOf('alerts.yaml')], { encoding: 'utf8' });
    expect(run.error ? 0 : run.status).toBe(0);
  });
});
