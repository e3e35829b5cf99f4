import { jest } from '@jest/globals';

/** The counters of the limits know no clock but the machine's: moves it, for everything in this process. */
export class LimiterTime {
  private readonly realNow = Date.now.bind(Date);
  private readonly spy = jest.spyOn(Date, 'now');
  private offsetMs = 0;

  constructor() {
    this.spy.mockImplementation(() => this.realNow() + this.offsetMs);
  }

  advance(seconds: number): void {
    this.offsetMs += seconds * 1000;
  }

  restore(): void {
    this.spy.mockRestore();
  }
}
