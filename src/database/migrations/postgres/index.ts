import { InitialSchema } from './20261125000000-initial-schema.js';

/** In the order in which they run. Names are kept for ever: the database remembers which have run. */
export const postgresMigrations = [{ name: '20261125000000-initial-schema', class: InitialSchema }];
