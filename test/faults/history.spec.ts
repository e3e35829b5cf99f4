import { type Entry, History } from './support/history.js';

const check = (...entries: Omit<Entry, 'session'>[]) => {
  const history = new History();
  for (const entry of entries) history.add({ session: 's', ...entry });
  return history.violations();
};

const ok = (operation: Entry['operation'], tokens: Partial<Entry> = {}) => ({
  operation,
  outcome: 'ok' as const,
  ...tokens,
});
const unknown = (operation: Entry['operation']) => ({ operation, outcome: 'unknown' as const });
const refused = (operation: Entry['operation']) => ({ operation, outcome: 'refused' as const, told: 'no' });

describe('the checker of histories finds', () => {
  it.each([
    ['a revocation that is undone', [ok('logout'), ok('me')], 'a revocation that was acknowledged is undone'],
    ['one that is undone by a refresh', [ok('logout'), unknown('me'), ok('refresh')], 'undone'],
    ['a token that is dead without cause', [ok('me'), refused('refresh')], 'dead without cause'],
    ['a dead token after nothing but silence', [unknown('refresh'), refused('me')], 'dead without cause'],
    ['a logout that is refused', [refused('logout')], 'a logout was refused'],
    [
      'a second lineage',
      [ok('refresh', { presented: '1', received: '2' }), ok('refresh', { presented: '1', received: '2b' })],
      'two successors',
    ],
    ['a fault', [{ operation: 'me' as const, outcome: 'fault' as const }], 'a fault'],
  ])('%s', (_, entries, violation) => {
    expect(check(...entries)).toEqual([expect.stringContaining(violation)]);
  });

  it.each([
    [
      'an honest life',
      [ok('me'), ok('refresh', { presented: '1', received: '2' }), ok('logout'), refused('me'), refused('refresh')],
    ],
    [
      'the same successor again',
      [ok('refresh', { presented: '1', received: '2' }), ok('refresh', { presented: '1', received: '2' })],
    ],
    ['a logout that nobody answered: it may have happened', [unknown('logout'), refused('me'), ok('logout')]],
    [
      'a logout that nobody answered: it may not have happened',
      [unknown('logout'), ok('me'), ok('logout'), refused('me')],
    ],
  ])('nothing in %s', (_, entries) => {
    expect(check(...entries)).toEqual([]);
  });
});
