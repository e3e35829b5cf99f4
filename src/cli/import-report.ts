import { MultiBar, Presets } from 'cli-progress';
import type { LineOutcome } from '../transfer/user-import.service.js';
import { complain, isForMachine, printable, tell } from './output.js';

/** Says what becomes of the lines of an import while it runs, and what became of them in the end. */
export class ImportReport {
  /** True after the first Ctrl-C: the batch that is under way is finished. */
  isInterrupted = false;
  private readonly sums = { created: 0, present: 0, refused: 0 };
  private lastLine = 0;
  private lastPassed = 0;
  private readonly bars: MultiBar | undefined;
  private readonly bar: ReturnType<MultiBar['create']> | undefined;
  private readonly interrupt = () => {
    this.isInterrupted = true;
  };

  /** @param bytes of the file; undefined where nobody knows */
  constructor(
    private readonly isDryRun: boolean,
    bytes: number | undefined,
  ) {
    process.once('SIGINT', this.interrupt);
    const isWatched = process.stderr.isTTY && process.stdout.isTTY && !isForMachine();
    if (!isWatched || bytes === undefined) return;
    const format = '{bar} {percentage}%  {lines} lines, {refused} refused  {eta_formatted} left';
    this.bars = new MultiBar({ format, hideCursor: true, clearOnComplete: true }, Presets.rect);
    this.bar = this.bars.create(bytes, 0, { lines: 0, refused: 0 });
  }

  /** @param bytes that have been read */
  add(outcomes: readonly LineOutcome[], bytes: number): void {
    for (const outcome of outcomes) {
      this.sums[outcome.outcome] += 1;
      this.lastLine = Math.max(this.lastLine, outcome.line);
      if (this.isDryRun || outcome.outcome === 'refused' || isForMachine()) this.say(outcome);
    }
    this.bar?.update(bytes, { lines: this.lastLine, refused: this.sums.refused });
  }

  /** Of a line in front of the one to begin with. */
  passOver(line: number): void {
    this.lastPassed = line;
  }

  end(): void {
    this.stop();
    const { created, present, refused } = this.sums;
    const made = this.isDryRun ? 'would be created' : 'created';
    tell(`${created} ${made}, ${present} were imported before, ${refused} refused.`, {
      ...this.sums,
      lastLine: this.lastLine,
      dryRun: this.isDryRun,
    });
    if (this.isInterrupted) this.sayWhereToGoOn();
    if (this.lastLine === 0) complain(this.whyNobody());
    if (refused > 0 || this.isInterrupted || this.lastLine === 0) process.exitCode = 1;
  }

  /** Before the error itself is shown. */
  fail(): void {
    this.stop();
    this.sayWhereToGoOn();
  }

  private say({ line, outcome, reason }: LineOutcome): void {
    const text = { created: 'would be created', present: 'was imported before', refused: `refused: ${reason}` }[
      outcome
    ];
    if (this.bars) this.bars.log(printable([`line ${line}: ${text}`]));
    else tell(`line ${line}: ${text}`, { line, outcome, ...(reason && { reason }) });
  }

  private sayWhereToGoOn(): void {
    if (this.isDryRun) return;
    const last = Math.max(this.lastLine, this.lastPassed);
    const next = last + 1;
    complain(`Stopped behind line ${last}. What came before is done; --from ${next} goes on.`);
  }

  private whyNobody(): string {
    if (this.lastPassed === 0) return 'Nobody was found in the file.';
    return `The file ends at line ${this.lastPassed}, before the line of --from.`;
  }

  private stop(): void {
    process.removeListener('SIGINT', this.interrupt);
    this.bars?.stop();
  }
}
