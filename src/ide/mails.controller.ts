import { Controller, Get, Header, Inject, NotFoundException, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { randomBytes } from 'node:crypto';
import { Public } from '../access/access.decorators.js';
import { ENV, type Env } from '../config/env.js';
import { isLoopback } from '../config/this-machine.js';
import { type FolderMail, MailFolder } from '../mail/mail-folder.js';
import { renderMailsPage } from './mails-page.js';

const SHOWN = 50;

const page = (nonce: string): string =>
  `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A mail brings its own styles, and nothing else of it counts. */
const MAIL = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors 'none'";

/**
 * The mails of `MAIL_OUTBOX` in a browser. The application has it in development alone: whoever sees this page can use the
 * links on it.
 */
@Controller('mails')
export class MailsController {
  constructor(
    private readonly folder: MailFolder,
    @Inject(ENV) private readonly env: Pick<Env, 'PUBLIC_URL'>,
  ) {}

  @Get()
  @Public()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async list(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<string> {
    this.assertOwnName(request);
    const nonce = randomBytes(16).toString('base64');
    response.setHeader('Content-Security-Policy', page(nonce));
    return renderMailsPage(await this.folder.list(SHOWN), nonce);
  }

  @Get(':name.html')
  @Public()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', MAIL)
  async html(@Param('name') name: string, @Req() request: Request): Promise<string> {
    return (await this.mail(name, request)).html;
  }

  @Get(':name.eml')
  @Public()
  @Header('Content-Type', 'text/plain; charset=utf-8')
  async source(@Param('name') name: string, @Req() request: Request): Promise<string> {
    return (await this.mail(name, request)).source.toString();
  }

  private async mail(name: string, request: Request): Promise<FolderMail> {
    this.assertOwnName(request);
    const mail = await this.folder.find(name);
    if (!mail) throw new NotFoundException();
    return mail;
  }

  /** A site that points its own name at this machine would otherwise be of our origin (DNS rebinding). */
  private assertOwnName({ hostname }: Request): void {
    if (isLoopback(hostname) || hostname === new URL(this.env.PUBLIC_URL).hostname) return;
    throw new NotFoundException();
  }
}
