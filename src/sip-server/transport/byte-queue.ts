// Octets of a stream that wait until a whole message is there; they are copied once, however small the pieces are.

export class ByteQueue {
  #buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** What waits; valid until the next call. */
  get octets(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  push(chunk: Buffer): void {
    if (this.#end + chunk.length > this.#buffer.length) {
      const needed = this.length + chunk.length;
      const larger = Buffer.allocUnsafe(needed <= this.#buffer.length / 2 ? this.#buffer.length : 2 * needed);
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      [this.#buffer, this.#start, this.#end] = [larger, 0, this.length];
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  /** Takes the first `count` octets off, as a copy of their own. */
  take(count: number): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(this.#start, this.#start + count));
    this.drop(count);
    return taken;
  }

  drop(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) [this.#buffer, this.#start, this.#end] = [Buffer.alloc(0), 0, 0];
  }
}
