/** What stood in front of a marker, or all that came where it never did. */
export type ReadUntil =
  | { readonly status: "found"; readonly bytes: Buffer }
  | { readonly status: "ended"; readonly bytes: Buffer };

/** One of the two streams of bytes that come from a host. One reader at a time. */
export interface ByteReader {
  /** The bytes that are there next; `undefined` at the end. */
  next(): Promise<Buffer | undefined>;
  /** Gives bytes back, for whoever reads next. */
  unread(bytes: Buffer): void;
  /** All bytes in front of a marker, which is taken away. Of them at most `keep` are kept: the first ones. */
  until(marker: string, keep: number): Promise<ReadUntil>;
}

export const byteReader = (source: AsyncIterable<Uint8Array>): ByteReader => {
  const chunks = source[Symbol.asyncIterator]();
  const returned: Buffer[] = [];

  const next = async (): Promise<Buffer | undefined> => {
    const back = returned.pop();
    if (back !== undefined) return back;
    try {
      const { done, value } = await chunks.next();
      return done === true
        ? undefined
        : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    } catch {
      // A stream that was torn down has no more to say than one that ended.
      return undefined;
    }
  };

  const unread = (bytes: Buffer): void => {
    if (bytes.length > 0) returned.push(bytes);
  };

  return {
    next,
    unread,
    async until(marker, keep) {
      const kept: Buffer[] = [];
      let room = keep;
      const keepOf = (bytes: Buffer): void => {
        const piece = bytes.subarray(0, room);
        room -= piece.length;
        if (piece.length > 0) kept.push(piece);
      };
      // The end of what was seen, in which a marker may have begun.
      let tail: Buffer = Buffer.alloc(0);
      for (;;) {
        const chunk = await next();
        if (chunk === undefined) {
          keepOf(tail);
          return { status: "ended", bytes: Buffer.concat(kept) };
        }
        const seen = tail.length === 0 ? chunk : Buffer.concat([tail, chunk]);
        const at = seen.indexOf(marker);
        if (at >= 0) {
          keepOf(seen.subarray(0, at));
          unread(seen.subarray(at + marker.length));
          return { status: "found", bytes: Buffer.concat(kept) };
        }
        const certain = Math.max(0, seen.length - marker.length + 1);
        keepOf(seen.subarray(0, certain));
        tail = seen.subarray(certain);
      }
    },
  };
};
