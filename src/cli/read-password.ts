import promptPassword from '@inquirer/password';
import { text } from 'node:stream/consumers';

/** A password from a hidden prompt, or from standard input in a script. Never from an argument, which `ps` shows. */
export async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) return promptPassword({ message: 'Password', mask: true });
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}
