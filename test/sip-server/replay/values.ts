// What differs from one run to the next (ports, tags, branches, identifiers): recorded values and what stands for them now.

export class Values {
  readonly #actual = new Map<string, string>();

  learn(recorded: string | undefined, actual: string | undefined): void {
    if (recorded && actual && recorded !== actual) this.#actual.set(recorded, actual);
  }

  /** The recorded text with the values of this run. */
  apply(text: string): string {
    if (this.#actual.size === 0) return text;
    const all = [...this.#actual.keys()]
      .sort((one, other) => other.length - one.length)
      .map((each) => each.replace(/[^\w]/g, '\\$&'));
    return text.replace(new RegExp(`(?<![\\w])(?:${all.join('|')})(?![\\w])`, 'g'), (found) =>
      this.#actual.get(found)!,
    );
  }

  /** Learns from two messages that stand for each other. */
  learnFrom(recorded: string, actual: string): void {
    const patterns = [
      /\r\nVia: [^\r]*?branch=([^;\r,]+)/i,
      /\r\nFrom: [^\r]*?;tag=([^;\r]+)/i,
      /\r\nTo: [^\r]*?;tag=([^;\r]+)/i,
      /\r\nCall-ID: ([^\r]+)/i,
      /\r\nCSeq: (\d{4,})/i,
      /\r\nRSeq: (\d{4,})/i,
    ];
    for (const pattern of patterns) this.learn(pattern.exec(recorded)?.[1], pattern.exec(actual)?.[1]);
  }
}
