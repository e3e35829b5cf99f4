import { createHmac, timingSafeEqual } from 'node:crypto';
import { genSaltSync, hash } from 'bcrypt';

/** passlib's bcrypt_sha256, which is what Latchkey stores. */
const STORED = /^\$bcrypt-sha256\$v=2,t=2b,r=(?<cost>\d+)\$(?<salt>.{22})\$(?<digest>.{31})$/;

export async function hashPassword(password: string, cost: number): Promise<string> {
  const salt = genSaltSync(cost).slice(7);
  return `$bcrypt-sha256$v=2,t=2b,r=${cost}$${salt}$${await digestOf(password, cost, salt)}`;
}

export async function checkPassword(password: string, stored: string): Promise<boolean> {
  const { cost, salt, digest } = STORED.exec(stored)?.groups ?? {};
  if (!cost || !salt || !digest) return false;
  return timingSafeEqual(Buffer.from(await digestOf(password, Number(cost), salt)), Buffer.from(digest));
}

async function digestOf(password: string, cost: number, salt: string): Promise<string> {
  const key = createHmac('sha256', salt).update(password).digest('base64');
  return (await hash(key, `$2b$${String(cost).padStart(2, '0')}$${salt}`)).slice(29);
}
