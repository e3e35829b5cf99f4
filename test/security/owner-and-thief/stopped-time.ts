import { jest } from '@jest/globals';

/**
 * The time of everything in this process, the counters of the limits included: it stands still until a test moves it, so a
 * run is the same on every machine.
 */
export class StoppedTime {
  private now = Math.floor(Date.now() / 1000) * 1000;
  private readonly spy = jest.spyOn(Date, 'now');

  constructor() {
    this.spy.mockImplementation(() => this.now);
  }

  /** Epoch milliseconds. */
  get value(): number {
    return this.now;
  }

  advance(seconds: number): void {
    this.now += seconds * 1000;
  }

  restore(): void {
    this.spy.mockRestore();
  }
}
