// The counters of a service's metrics that tell of something that was dropped, refused, closed or given up.

const telling = /^[a-z_]*(drop|refus|clos|given_up|error|damaged|lost|unidentified)[a-z_]*_total(\{[^}]*\})? /;

/** From the text format of Prometheus: by name and labels. */
export function dropCounters(metrics: string): Record<string, number> {
  const counters: Record<string, number> = {};
  for (const line of metrics.split('\n')) {
    const end = line.lastIndexOf(' ');
    if (telling.test(line)) counters[line.slice(0, end)] = Number(line.slice(end + 1));
  }
  return counters;
}

/** Those that have grown, and by how much. */
export function grown(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) {
  const changes: Record<string, number> = {};
  for (const [name, value] of Object.entries(after)) {
    const change = value - (before[name] ?? 0);
    if (change > 0) changes[name] = change;
  }
  return changes;
}
