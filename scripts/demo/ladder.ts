// Prints what happens as a ladder: a column for each participant, an arrow for each message between two of them.

export interface Ladder {
  /** An arrow from one participant to another, with what it carries. */
  arrow(from: string, to: string, label: string): void;
  /** A line of text of its own, for what is being done. */
  say(text: string): void;
}

const WIDTH = 37;
const MARGIN = 4;

export function ladder(participants: readonly string[], write: (line: string) => void, isColoured: boolean): Ladder {
  const colour = (code: number, text: string): string => (isColoured ? `\u001b[${code}m${text}\u001b[0m` : text);
  const column = (name: string): number => MARGIN + participants.indexOf(name) * WIDTH;
  const rails = (): string[] => {
    const line = Array.from({ length: MARGIN + (participants.length - 1) * WIDTH + 1 }, () => ' ');
    for (const name of participants) line[column(name)] = '│';
    return line;
  };
  const header = (): string => {
    let line = '';
    for (const name of participants) line = line.padEnd(column(name) - Math.floor(name.length / 2)) + name;
    return line;
  };
  write(colour(1, header()));

  return {
    arrow(from, to, label) {
      const line = rails();
      const [left, right] = [Math.min(column(from), column(to)), Math.max(column(from), column(to))];
      const isRightward = column(from) < column(to);
      const room = right - left - 1;
      const shown = ` ${label.length > room - 4 ? `${label.slice(0, room - 5)}…` : label} `;
      const dashes = room - shown.length - 1;
      const before = '─'.repeat(Math.floor(dashes / 2));
      const after = '─'.repeat(Math.ceil(dashes / 2));
      const arrow = isRightward ? `${before}${shown}${after}►` : `◄${before}${shown}${after}`;
      line.splice(left + 1, room, ...arrow);
      const text = line.join('');
      const code = isRightward ? 36 : 33;
      write(text.slice(0, left + 1) + colour(code, text.slice(left + 1, right)) + text.slice(right));
    },
    say(text) {
      write(rails().join(''));
      write(colour(1, text));
      write(rails().join(''));
    },
  };
}
