import { ormOptions } from './src/database/orm.options.js';
import { entities } from './src/entities.js';
export default ormOptions({ DATABASE_URL: process.env['DATABASE_URL'] ?? 'sqlite:./data/latchkey.sqlite' }, entities);
