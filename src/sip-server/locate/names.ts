// What DNS and the system say of a name: bounded answers, and none instead of a failure.
import type { SrvRecord } from './order.ts';

export interface NaptrRecord {
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
  readonly order: number;
  readonly preference: number;
}

/** The part of node:dns's Resolver that is used; each fails when there are no such records. */
export interface Resolver {
  resolveNaptr(name: string): Promise<readonly NaptrRecord[]>;
  resolveSrv(name: string): Promise<readonly SrvRecord[]>;
  resolve4(name: string): Promise<readonly string[]>;
  resolve6(name: string): Promise<readonly string[]>;
  /** Whatever is asked fails now. */
  cancel?(): void;
}

/** The system's own way to a host's addresses, which knows /etc/hosts. */
export type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

/** Records of one answer that are looked at. */
const recordsPerAnswer = 16;

/** The name servers did not answer, so that they need not be asked again. */
const silence = new Set(['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED', 'ENETUNREACH', 'EHOSTUNREACH']);

/** One search through DNS. */
export class Names {
  readonly #resolver: Resolver;
  readonly #lookup: Lookup;
  readonly #addresses = new Map<string, Promise<readonly string[]>>();
  #isSilent = false;

  constructor(resolver: Resolver, lookup: Lookup) {
    this.#resolver = resolver;
    this.#lookup = lookup;
  }

  /** The most preferred first. */
  async naptr(name: string): Promise<readonly NaptrRecord[]> {
    const records = await this.#ask(name, () => this.#resolver.resolveNaptr(name));
    return records
      .toSorted((one, other) => one.order - other.order || one.preference - other.preference)
      .slice(0, recordsPerAnswer);
  }

  async srv(name: string): Promise<readonly SrvRecord[]> {
    const records = await this.#ask(name, () => this.#resolver.resolveSrv(name));
    return records.toSorted((one, other) => one.priority - other.priority).slice(0, recordsPerAnswer);
  }

  addresses(name: string, families: { readonly has4: boolean; readonly has6: boolean }): Promise<readonly string[]> {
    let known = this.#addresses.get(name);
    if (known === undefined) this.#addresses.set(name, (known = this.#findAddresses(name, families)));
    return known;
  }

  async #findAddresses(name: string, { has4, has6 }: { has4: boolean; has6: boolean }): Promise<readonly string[]> {
    const answers = await Promise.all([
      has4 ? this.#ask(name, () => this.#resolver.resolve4(name)) : [],
      has6 ? this.#ask(name, () => this.#resolver.resolve6(name)) : [],
    ]);
    const found = answers.flat();
    if (found.length > 0) return found.slice(0, recordsPerAnswer);
    if (isNowhere(name)) return [];
    return this.#lookup(name).then(
      (places) => places.map(({ address }) => address).slice(0, recordsPerAnswer),
      () => [],
    );
  }

  /** No answer is as good as an empty one: there is always another way to go on. */
  async #ask<Record>(name: string, ask: () => Promise<readonly Record[]>): Promise<readonly Record[]> {
    if (this.#isSilent || isLocal(name)) return [];
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Error && 'code' in error && silence.has(String(error.code))) this.#isSilent = true;
      return [];
    }
  }
}

/** RFC 6761 6.4. */
const isNowhere = (name: string): boolean => /(^|\.)invalid\.?$/.test(name);

/** Names that DNS has no answer for: of one label only, and those of RFC 6761 6.3 and 6.4. */
const isLocal = (name: string): boolean =>
  !name.replace(/\.$/, '').includes('.') || /(^|\.)localhost\.?$/.test(name) || isNowhere(name);
