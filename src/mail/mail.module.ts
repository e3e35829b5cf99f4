import { Module } from '@nestjs/common';
import { MailAttempts } from './mail-attempts.js';
import { MailComposer } from './mail-composer.js';
import { MailFolder } from './mail-folder.js';
import { MailSender } from './mail-sender.js';
import { MailTemplates } from './mail-templates.js';
import { MailTransport } from './mail-transport.js';
import { Outbox } from './outbox.js';

@Module({
  providers: [Outbox, MailTemplates, MailComposer, MailTransport, MailAttempts, MailSender, MailFolder],
  exports: [Outbox, MailComposer, MailSender, MailFolder],
})
export class MailModule {}
