import { Clock } from '../../src/common/clock.js';

/** Time that moves when a test says so, and otherwise with the real one. */
export class FakeClock extends Clock {
  private offsetMs = 0;

  override now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  advance(seconds: number): void {
    this.offsetMs += seconds * 1000;
  }
}
