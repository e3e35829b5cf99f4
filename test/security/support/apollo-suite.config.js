import config from '../../../jest.config.js';

const sqlite = config.projects.find(({ displayName }) => displayName === 'sqlite');

/** Apollo's suite by itself: `test/security/apollo-integration.spec.ts` runs it and judges what it says. */
export default {
  ...sqlite,
  rootDir: '../../..',
  testMatch: ['<rootDir>/test/security/support/apollo-suite.ts'],
};
