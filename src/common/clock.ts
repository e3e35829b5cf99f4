import { Injectable } from '@nestjs/common';

/** By so much the clocks of instances may differ. Milliseconds. What is stored as later than that is of a clock that was set back. */
export const SKEW_MS = 60_000;

/** The server's only source of "now". Tests replace it to move time; nothing else calls `Date.now()`. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }

  /** Whole seconds since the epoch: the unit of the numeric dates of a JWT (RFC 7519 section 2). */
  epochSeconds(): number {
    return Math.floor(this.now().getTime() / 1000);
  }

  /** Milliseconds from some beginning, by which a wait is measured: setting the clock does not move them. */
  elapsed(): number {
    return performance.now();
  }
}
