import { AUDIT_EVENTS } from '../../src/audit/audit-events.js';
import { documentedTable } from '../support/documented-table.js';

it('docs/audit.md has every event, and no other', () => {
  expect([...documentedTable('Events', 'audit.md').keys()].sort()).toEqual([...AUDIT_EVENTS].sort());
});
