import { nameOf } from '../../src/database/named-database.js';

it.each([
  ['postgres://me:s3cret@db.example.com/latchkey', 'the database latchkey at db.example.com'],
  ['postgres://me:s3cret@[::1]:5433/latchkey?sslmode=require', 'the database latchkey at [::1]:5433'],
  ['postgresql://me:s3cret@db.example.com', 'the database at db.example.com'],
  ['postgres:///latchkey?host=/run/postgresql', 'the database latchkey at /run/postgresql'],
  // A password that is not encoded gets into other parts of the URL.
  ['postgres://me:12/s3cret@db.example.com/latchkey', 'the database'],
  ['postgres://me:12?s3cret@db.example.com/latchkey', 'the database'],
  ['postgres://me:12#s3cret@db.example.com/latchkey', 'the database'],
])('a database is named without user and password: %s', (url, name) => {
  expect(nameOf(url)).toBe(name);
});
