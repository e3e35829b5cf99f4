import { Injectable, type PipeTransform } from '@nestjs/common';
import { isEmailAddress, normalizeEmail, notAnEmail } from './email.js';

/** For an argument of its own: the normalised address. The argument is called `email`. */
@Injectable()
export class EmailPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const email = normalizeEmail(value);
    if (!isEmailAddress(email)) throw notAnEmail('email');
    return email;
  }
}
