// Texts that are kept long, apart from the message that they were cut from: V8 keeps all of that as long as one piece of it.

/** Shorter pieces are copied when they are cut. */
const CUT = 13;

export const ownText = (text: string): string => (text.length < CUT ? text : Buffer.from(text).toString());
