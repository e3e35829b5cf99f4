import type { Response } from 'express';

/** Bytes of a body that counts for nothing: an honest one is smaller. */
const SMALL = 16 * 1024;
/** Bytes of all larger bodies whose requests are under way. A body takes several times its size of memory, as text, document and values. */
const MOST = 16 * 2 ** 20;

/** So long the work for a client that has gone can go on: longer than it waits for a hash and for the database. */
const LONGEST_WORK_MS = 60_000;

/** A part of what there is for large bodies: asked for whenever one grows. */
export type Share = (bytes: number) => boolean;

/**
 * Bounds what large bodies take of memory together, while they come in and while their requests wait for the answer. Who sends many of them
 * keeps other large ones out, and no small one.
 */
export class LargeBodies {
  private taken = 0;

  /**
   * @returns says of the size that a body has grown to whether there is room. Its share is free again when the request is answered, however
   *   slowly the client reads that: also that of a client which has gone, because until then the work for it goes on
   */
  shareOf(response: Response): Share {
    let own = 0;
    let isDone = false;
    const free = () => {
      this.taken -= own;
      own = 0;
      isDone = true;
    };
    response.once('prefinish', free);
    response.once('close', () => {
      const { writableEnded, headersSent, req } = response;
      // An answer that is cut off while it is sent may never end.
      if (writableEnded || headersSent || !req.complete) free();
      else setTimeout(free, LONGEST_WORK_MS).unref();
    });
    return (bytes) => {
      const more = bytes > SMALL ? bytes - own : 0;
      // A request can be refused before its body has come.
      if (isDone || this.taken + more > MOST) return false;
      this.taken += more;
      own += more;
      return true;
    };
  }
}
