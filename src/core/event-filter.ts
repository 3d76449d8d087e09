// Which events an application wants: by their types, and by the channel, endpoint or variable that they are about.

/**
 * One line of a filter, as a client gave it. It matches an event when all that it names does. Members that are not read
 * here are kept and shown.
 */
export type EventType = {
  /** "*" is any type, where the line names something else, too. */
  readonly type: string;
  /** The id of a channel. */
  readonly channel?: string;
  /** "PJSIP/alice", or a technology: "PJSIP". Both are compared exactly. */
  readonly endpoint?: string;
  /** The name of a variable. */
  readonly variable?: string;
} & Readonly<Record<string, unknown>>;

export interface EventFilter {
  /** When it is empty, every event is allowed. */
  readonly allowed: readonly EventType[];
  /** Goes before `allowed`. */
  readonly disallowed: readonly EventType[];
}

interface ShownChannel {
  readonly id: string;
  /** "PJSIP/alice-0000001f". */
  readonly name: string;
}

/** What a filter reads of an event, in the words of the API. */
export interface FilteredEvent {
  readonly type: string;
  readonly channel?: ShownChannel;
  readonly replace_channel?: ShownChannel;
  readonly endpoint?: { readonly technology: string; readonly resource: string };
  readonly variable?: string;
}

type Test = (event: FilteredEvent) => boolean;

/** Whether the filter lets the event pass. Whoever asks for many events compiles the filter once. */
export const passes = (filter: EventFilter, event: FilteredEvent): boolean => compileFilter(filter)(event);

/** The filter as a test. It costs two look-ups an event while the filter names types alone. */
export function compileFilter({ allowed, disallowed }: EventFilter): Test {
  const isDisallowed = anyOf(disallowed);
  const isAllowed = allowed.length === 0 ? () => true : anyOf(allowed);
  return (event) => !isDisallowed(event) && isAllowed(event);
}

function anyOf(lines: readonly EventType[]): Test {
  const types = new Set(lines.filter((line) => !isParticular(line)).map(({ type }) => type));
  const particular = lines.filter(isParticular);
  return (event) => types.has(event.type) || particular.some((line) => matches(line, event));
}

const isParticular = ({ channel, endpoint, variable }: EventType): boolean =>
  channel !== undefined || endpoint !== undefined || variable !== undefined;

const matches = ({ type, channel, endpoint, variable }: EventType, event: FilteredEvent): boolean =>
  (type === '*' || type === event.type) &&
  (channel === undefined || channel === event.channel?.id || channel === event.replace_channel?.id) &&
  (variable === undefined || variable === event.variable) &&
  (endpoint === undefined || concerns(event, endpoint));

/** An event is about the endpoint that it shows, and about those of its channels. */
const concerns = ({ endpoint, channel, replace_channel: replaced }: FilteredEvent, wanted: string): boolean =>
  (endpoint !== undefined &&
    (wanted === endpoint.technology || wanted === `${endpoint.technology}/${endpoint.resource}`)) ||
  (channel !== undefined && isNamedAfter(channel.name, wanted)) ||
  (replaced !== undefined && isNamedAfter(replaced.name, wanted));

/** "PJSIP/alice-0000001f" is named after "PJSIP/alice" and "PJSIP". An endpoint's own name may have dashes. */
function isNamedAfter(name: string, endpoint: string): boolean {
  if (!name.startsWith(endpoint)) return false;
  return endpoint.includes('/') ? name.lastIndexOf('-') === endpoint.length : name[endpoint.length] === '/';
}
