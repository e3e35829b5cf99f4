import { Controller, Get, Header, NotFoundException, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { randomBytes } from 'node:crypto';
import { Public } from '../access/access.decorators.js';
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
  constructor(private readonly folder: MailFolder) {}

  @Get()
  @Public()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async list(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<string> {
    assertOwnMachine(request);
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
    assertOwnMachine(request);
    const mail = await this.folder.find(name);
    if (!mail) throw new NotFoundException();
    return mail;
  }
}

/** What a proxy adds to a request. One that adds none of it and hands on a name of its own cannot be told from a browser. */
const OF_A_PROXY = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/**
 * From this machine, and by a name of it: a site that points its own name here would otherwise be of our origin (DNS
 * rebinding), and a proxy or tunnel would show the page to all that reach it.
 */
function assertOwnMachine({ headers, socket }: Request): void {
  const hostname = URL.parse(`http://${headers.host ?? ''}`)?.hostname ?? '';
  const isForwarded = OF_A_PROXY.some((name) => headers[name] !== undefined);
  if (!isForwarded && isLoopback(hostname) && isLoopback(socket.remoteAddress ?? '')) return;
  throw new NotFoundException();
}
