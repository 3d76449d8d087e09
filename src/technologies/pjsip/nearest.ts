// Which known name someone who mistyped may have meant.

/** How many letters must be added, left out or replaced to turn one into the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (let index = 1; index <= other.length; index++) {
      const replaced = row[index - 1]! + (letter === other[index - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[index]! + 1, next[index - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

/** `; did you mean "foo"?`, or nothing when no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = [...known]
    .map((each) => ({ each, far: distance(name.toLowerCase(), each.toLowerCase()) }))
    .sort((one, other) => one.far - other.far)[0];
  return near === undefined || near.far > Math.max(2, name.length / 3) ? '' : `; did you mean "${near.each}"?`;
}
