import { Module } from '@nestjs/common';
import { MailModule } from '../mail/mail.module.js';
import { MailsController } from './mails.controller.js';

/** The page of sent mails at `/mails`. The application imports it only in development, and without `MAIL_URL`. */
@Module({ imports: [MailModule], controllers: [MailsController] })
export class MailsModule {}
