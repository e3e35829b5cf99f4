import { jest } from '@jest/globals';

/** Drawing a page takes seconds where there is no graphics card and the other suites want the cores too. */
jest.setTimeout(60_000);
