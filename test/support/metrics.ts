/** The value of a figure as Prometheus would read it; 0 when there is none yet. `labels` are as in `{source="list"}`. */
export function figureIn(exposition: string, name: string, labels = ''): number {
  const line = exposition.split('\n').find((it) => it.startsWith(`latchkey_${name}${labels} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}
