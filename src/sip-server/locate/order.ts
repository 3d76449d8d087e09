// The order in which the servers of SRV records are tried (RFC 2782).

export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** By priority; within one, each next is drawn by weight. `random` gives numbers from 0 up to, but not including, 1. */
export function inOrder(records: readonly SrvRecord[], random: () => number): SrvRecord[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((one, other) => one - other);
  return priorities.flatMap((priority) =>
    drawn(
      records.filter((each) => each.priority === priority),
      random,
    ),
  );
}

/** Those of weight 0 stand first, so that they are drawn seldom, but not never. */
function drawn(records: readonly SrvRecord[], random: () => number): SrvRecord[] {
  const left = [...records].sort((one, other) => one.weight - other.weight);
  const order: SrvRecord[] = [];
  while (left.length > 0) {
    const sum = left.reduce((total, { weight }) => total + weight, 0);
    const mark = Math.floor(random() * (sum + 1));
    let running = 0;
    const index = left.findIndex(({ weight }) => (running += weight) >= mark);
    order.push(...left.splice(index, 1));
  }
  return order;
}
