import { AuditVerification } from '../administration/audit-verification.service.js';
import { badInput } from '../common/bad-input.js';
import { withServices } from './operator-context.js';
import { tell } from './output.js';

/** What the `audit` commands do, apart from how they are called. */
export async function verifyTrail({ head }: { head?: string }): Promise<void> {
  const known = head === undefined ? undefined : headOf(head);
  await withServices(async (app) => {
    const report = await app.get(AuditVerification).verify(known);
    const { events, unsealed, faults, notices } = report;
    const verdict = faults.length === 0 ? 'Nothing was changed.' : `${faults.length} fault(s):`;
    // A chain without events has no head that could be kept.
    const newest = report.head.hash && `${report.head.sequence}:${report.head.hash}`;
    tell(
      [
        `${events} event(s) in the chain, ${unsealed} not in it yet. ${verdict}`,
        ...faults.map((fault) => `  ${fault}`),
        ...notices.map((notice) => `Note: ${notice}`),
        ...(newest ? [`Head: ${newest}`] : []),
      ],
      { events, unsealed, faults, notices, head: newest || null },
    );
    if (faults.length > 0) process.exitCode = 1;
  });
}

function headOf(text: string): { sequence: number; hash: string } {
  const [, sequence, hash = ''] = /^(\d+):([\w-]{43})$/.exec(text.trim()) ?? [];
  if (sequence === undefined)
    throw badInput('--head', 'must be SEQUENCE:HASH, which an earlier run has printed behind `Head:`');
  return { sequence: Number(sequence), hash };
}
