// Frames of a WebSocket's server (RFC 6455, section 5.2), made here since `ws` would make each one, and write it, by itself:
// the texts of one turn become one piece of bytes. They are written to the connection beneath `ws`, which never leaves half
// a frame there as long as no extension was agreed upon.

/** What is sent as one text. */
export interface Payload {
  /** In bytes of UTF-8. */
  readonly length: number;
  /** Writes as many bytes as it is long. */
  copyTo(bytes: Buffer, offset: number): void;
}

export const textPayload = (text: string): Payload => bytesPayload(Buffer.from(text));

export const bytesPayload = (own: Buffer): Payload => ({
  length: own.length,
  copyTo: (bytes, offset) => bytes.set(own, offset),
});

export function bytesOf(payload: Payload): Buffer {
  const bytes = Buffer.allocUnsafe(payload.length);
  payload.copyTo(bytes, 0);
  return bytes;
}

/** A text, and the last frame of it. */
const TEXT = 0x81;
const SHORT = 126;
const LONG = 127;
const LONGEST_SHORT = 0xffff;

const headBytes = (length: number): number => (length < SHORT ? 2 : length <= LONGEST_SHORT ? 4 : 10);

/** How many bytes its frame has. */
export const frameBytes = ({ length }: Payload): number => headBytes(length) + length;

/** The frames of all of them, which are so many bytes. */
export function framed(payloads: readonly Payload[], size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  for (let index = 0; index < payloads.length; index += 1) offset = writeFrame(payloads[index]!, bytes, offset);
  return bytes;
}

function writeFrame(payload: Payload, bytes: Buffer, offset: number): number {
  const { length } = payload;
  const begin = offset + headBytes(length);
  bytes[offset] = TEXT;
  if (length < SHORT) bytes[offset + 1] = length;
  else if (length <= LONGEST_SHORT) {
    bytes[offset + 1] = SHORT;
    bytes.writeUInt16BE(length, offset + 2);
  } else {
    bytes[offset + 1] = LONG;
    bytes.writeUIntBE(0, offset + 2, 2);
    bytes.writeUIntBE(length, offset + 4, 6);
  }
  payload.copyTo(bytes, begin);
  return begin + length;
}
