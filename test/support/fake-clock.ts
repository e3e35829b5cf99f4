import { Clock } from '../../src/common/clock.js';

/** Time that moves when a test says so, and otherwise with the real one. */
export class FakeClock extends Clock {
  private offsetMs = 0;
  private frozenMs: number | undefined;
  private passedMs = 0;

  override now(): Date {
    return new Date((this.frozenMs ?? Date.now()) + this.offsetMs);
  }

  override elapsed(): number {
    return super.elapsed() + this.passedMs;
  }

  /** Sets the clock. */
  advance(seconds: number): void {
    this.offsetMs += seconds * 1000;
  }

  /** Time goes by, for those too who measure a wait and look at no clock. */
  pass(seconds: number): void {
    this.advance(seconds);
    this.passedMs += seconds * 1000;
  }

  /** From here on only `advance` moves it. Stands on a whole second, so that a boundary can be met exactly. */
  freeze(): void {
    this.frozenMs ??= Math.floor(Date.now() / 1000) * 1000;
  }
}
