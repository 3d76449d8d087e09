// What takes a call: contexts that map Asterisk's extension patterns to an application, to several that may claim it, or to
// telephones.
import type { BroadcastSettings } from './broadcasts.ts';

/** To an application, as Asterisk's Stasis(). */
export interface StasisRoute {
  readonly app: string;
  readonly args: readonly string[];
}

/** To the first of these that answers, "PJSIP/alice", as Asterisk's Dial(). */
export interface DialRoute {
  readonly dial: readonly string[];
  /** In milliseconds; without one they ring for ever. */
  readonly timeout?: number;
}

/** To the application that claims it first, as Asterisk's StasisBroadcast(). */
export interface BroadcastRoute {
  readonly broadcast: BroadcastSettings;
}

export type Route = StasisRoute | DialRoute | BroadcastRoute;

/** `partial`: more digits could still make it match, which SIP tells by 484. */
export type Lookup = { readonly kind: 'found'; readonly route: Route } | { readonly kind: 'partial' | 'none' };

export type Contexts = Readonly<Record<string, Readonly<Record<string, Route>>>>;

/** One place of a pattern: the characters that may stand there, or a wildcard for the rest. */
export type Place = ReadonlySet<string> | 'rest' | 'rest-or-nothing';

interface Pattern {
  readonly places: readonly Place[];
  readonly route: Route;
}

const digits = (from: number): ReadonlySet<string> =>
  new Set(Array.from({ length: 10 - from }, (_, index) => String(from + index)));
const classes: Readonly<Record<string, Place>> = {
  X: digits(0),
  Z: digits(1),
  N: digits(2),
  '.': 'rest',
  '!': 'rest-or-nothing',
};

/** "[15-7]": the characters and ranges between the brackets. */
function characterSet(text: string): ReadonlySet<string> {
  const set = new Set<string>();
  for (let at = 0; at < text.length; at++) {
    const [from, dash, to] = text.slice(at, at + 3);
    if (dash === '-' && to !== undefined) {
      for (let code = from!.charCodeAt(0); code <= to.charCodeAt(0); code++) set.add(String.fromCharCode(code));
      at += 2;
    } else set.add(from!);
  }
  return set;
}

/**
 * Reads an extension: literal, or a pattern if it begins with an underscore (X 0-9, Z 1-9, N 2-9, [set], `.` one or more of
 * anything, `!` anything or nothing; a dash is only for the eye). Says what is wrong with it, or gives its places.
 */
export function parseExtension(text: string): readonly Place[] | string {
  if (!text.startsWith('_')) return [...text].map((each) => new Set([each]));
  const places: Place[] = [];
  for (let at = 1; at < text.length; at++) {
    const character = text[at]!;
    if (places.some((place) => typeof place === 'string')) return `nothing may follow "${text[at - 1]}"`;
    if (character === '-') continue;
    if (character === '[') {
      const end = text.indexOf(']', at);
      if (end === -1) return 'a "[" without its "]"';
      places.push(characterSet(text.slice(at + 1, end)));
      at = end;
    } else places.push(classes[character.toUpperCase()] ?? classes[character] ?? new Set([character]));
  }
  return places.length > 0 ? places : 'an empty pattern';
}

const breadth = (place: Place | undefined): number => {
  if (place === undefined) return 0;
  if (place === 'rest') return 1_000;
  if (place === 'rest-or-nothing') return 1_001;
  return place.size;
};

/** The more particular first, place by place from the left, as Asterisk orders them. */
function bySpecificity(one: Pattern, other: Pattern): number {
  for (let at = 0; at < Math.max(one.places.length, other.places.length); at++) {
    const difference = breadth(one.places[at]) - breadth(other.places[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function match(places: readonly Place[], exten: string): 'found' | 'partial' | 'none' {
  for (const [at, place] of places.entries()) {
    if (place === 'rest-or-nothing') return 'found';
    const character = exten[at];
    if (character === undefined) return 'partial';
    if (place === 'rest') return 'found';
    if (!place.has(character)) return 'none';
  }
  return exten.length === places.length ? 'found' : 'none';
}

/** The context that exists for every application that is known: "stasis-hello". */
const PREFIX = 'stasis-';

export class Routing {
  readonly #contexts = new Map<string, readonly Pattern[]>();
  readonly #isApplication: (name: string) => boolean;

  /** The patterns must be valid: see `parseExtension`. */
  constructor(contexts: Contexts, isApplication: (name: string) => boolean) {
    this.#isApplication = isApplication;
    for (const [name, extensions] of Object.entries(contexts)) {
      const patterns = Object.entries(extensions).map(([text, route]) => {
        const places = parseExtension(text);
        if (typeof places === 'string') throw new Error(`contexts.${name}.${text}: ${places}`);
        return { places, route };
      });
      this.#contexts.set(name, patterns.sort(bySpecificity));
    }
  }

  /** The names of those that were configured. */
  get contexts(): readonly string[] {
    return [...this.#contexts.keys()];
  }

  /** Whether it was configured, or is there whenever its application is. */
  hasContext(name: string): boolean {
    return this.#contexts.has(name) || (name.startsWith(PREFIX) && name !== PREFIX);
  }

  lookup(context: string, exten: string): Lookup {
    const patterns = this.#contexts.get(context);
    if (patterns === undefined) return this.#applicationContext(context, exten);
    let partial = false;
    for (const { places, route } of patterns) {
      const matched = match(places, exten);
      if (matched === 'found') return { kind: 'found', route };
      partial ||= matched === 'partial';
    }
    return { kind: partial ? 'partial' : 'none' };
  }

  #applicationContext(context: string, exten: string): Lookup {
    const app = context.startsWith(PREFIX) ? context.slice(PREFIX.length) : '';
    if (app === '' || !this.#isApplication(app) || exten === '') return { kind: 'none' };
    return { kind: 'found', route: { app, args: [] } };
  }
}
