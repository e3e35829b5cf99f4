import { SharedStore } from '../../src/store/shared-store.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { AccountDigests } from '../../src/throttle/account-digests.js';
import { Limiters } from '../../src/throttle/limiter.js';
import { type BudgetedMail, MAIL_BUDGETS } from '../../src/throttle/limits.js';
import { MailBudget } from '../../src/throttle/mail-budget.js';
import { FakeClock } from '../support/fake-clock.js';
import { LimiterTime } from '../support/limiter-time.js';

const metrics = new Metrics({ METRICS_ENABLED: false });
const mailBudget = (RATE_LIMITS_ENABLED = true) =>
  new MailBudget(
    new Limiters(new SharedStore(metrics, { REDIS_TIMEOUT_MS: 25 }, undefined), metrics, new FakeClock()),
    new AccountDigests({ JWT_SECRET: 'Xk3vT9sWq1Lr7Zp5Nc8Hd2Jb6Gm4Fa0E' }),
    { RATE_LIMITS_ENABLED },
  );

const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

async function standings(budget: MailBudget, mail: BudgetedMail, recipient: string, count: number) {
  const seen = [];
  for (let index = 0; index < count; index++) seen.push(await budget.spend(mail, recipient));
  return seen;
}

describe.each(Object.entries(MAIL_BUDGETS) as [BudgetedMail, (typeof MAIL_BUDGETS)[BudgetedMail]][])(
  'the budget of mails: %s',
  (mail, { attempts, seconds }) => {
    it('says when it is used up, once that it has just been, and is full again after its time', async () => {
      const time = new LimiterTime();
      try {
        const budget = mailBudget();
        expect(await standings(budget, mail, 'ann@example.com', attempts + 3)).toEqual([
          ...times(attempts, 'within'),
          'first-beyond',
          'beyond',
          'beyond',
        ]);
        time.advance(seconds);
        expect(await budget.spend(mail, 'ann@example.com')).toBe('within');
      } finally {
        time.restore();
      }
    });
  },
);

describe('budgets of mails', () => {
  it('keep addresses and kinds apart, and forget what they are told to', async () => {
    const budget = mailBudget();
    const { attempts } = MAIL_BUDGETS['magic-link'];
    await standings(budget, 'magic-link', 'ann@example.com', attempts + 1);
    expect(await budget.spend('magic-link', 'bob@example.com')).toBe('within');
    expect(await budget.spend('reset-password', 'ann@example.com')).toBe('within');
    await budget.forget(['reset-password'], 'ann@example.com');
    expect(await budget.spend('magic-link', 'ann@example.com')).toBe('beyond');
    await budget.forget(['magic-link'], 'ann@example.com');
    expect(await budget.spend('magic-link', 'ann@example.com')).toBe('within');
  });

  it('have one more for an account without a link, of each kind and address, until it is forgotten', async () => {
    const budget = mailBudget();
    const forNoLink = (mail: BudgetedMail, recipient = 'ann@example.com') => budget.spendForNoLink(mail, recipient);
    expect([await forNoLink('magic-link'), await forNoLink('magic-link')]).toEqual([true, false]);
    expect(await forNoLink('reset-password')).toBe(true);
    expect(await forNoLink('magic-link', 'bob@example.com')).toBe(true);
    await budget.forget(['magic-link'], 'ann@example.com');
    expect([await forNoLink('magic-link'), await forNoLink('reset-password')]).toEqual([true, false]);
  });

  it('count nothing with RATE_LIMITS_ENABLED=false', async () => {
    const budget = mailBudget(false);
    expect(await standings(budget, 'new-device', 'ann@example.com', 20)).toEqual(times(20, 'within'));
  });
});
