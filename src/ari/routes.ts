// From a path to its operations. A literal segment goes before a {wildcard}, for good: the way is never tried twice.
import type { Operation, Resource } from './resource.ts';

/** What is there under a path. */
export interface Place {
  /** As ARI writes the path: "/endpoints/{tech}". */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly operations: ReadonlyMap<string, Operation | 'absent'>;
  /** What OPTIONS tells, in the order of declaration. */
  readonly methods: readonly string[];
}

interface Node {
  readonly path: string;
  readonly literals: Map<string, Node>;
  wildcard: { readonly name: string; readonly node: Node } | undefined;
  readonly operations: Map<string, Operation | 'absent'>;
  readonly methods: string[];
}

const node = (path: string): Node => ({
  path,
  literals: new Map(),
  wildcard: undefined,
  operations: new Map(),
  methods: ['OPTIONS'],
});

export class Routes {
  readonly #root = node('');

  constructor(resources: readonly Resource[], absent: readonly (readonly [method: string, path: string])[]) {
    for (const { operations } of resources) {
      for (const operation of operations) {
        const { operations: there, methods } = this.#node(operation.path);
        there.set(operation.method, operation);
        methods.push(operation.method);
      }
    }
    for (const [method, path] of absent) this.#node(path).operations.set(method, 'absent');
  }

  /** Nothing when the path leads nowhere. What follows an empty segment does not count. */
  find(path: string): Place | undefined {
    const params: Record<string, string> = {};
    let at = this.#root;
    for (const raw of path.split('/')) {
      if (raw === '') break;
      const segment = decode(raw);
      const literal = at.literals.get(segment);
      if (literal !== undefined) at = literal;
      else if (at.wildcard !== undefined) {
        params[at.wildcard.name] = segment;
        at = at.wildcard.node;
      } else return undefined;
    }
    return { path: at.path, params, operations: at.operations, methods: at.methods };
  }

  #node(path: string): Node {
    let at = this.#root;
    for (const segment of path.slice(1).split('/')) {
      const next = `${at.path}/${segment}`;
      if (segment.startsWith('{')) {
        at.wildcard ??= { name: segment.slice(1, -1), node: node(next) };
        at = at.wildcard.node;
      } else {
        const literal = at.literals.get(segment) ?? node(next);
        at.literals.set(segment, literal);
        at = literal;
      }
    }
    return at;
  }
}

/** As in a form: `+` is a space. What is no valid escape is taken as it is. */
function decode(segment: string): string {
  if (!segment.includes('%') && !segment.includes('+')) return segment;
  try {
    return decodeURIComponent(segment.replaceAll('+', ' '));
  } catch {
    return segment;
  }
}
