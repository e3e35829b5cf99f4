import { Controller, Get, Header, NotFoundException, Param, Res } from '@nestjs/common';
import type { Response } from 'express';
import { randomBytes } from 'node:crypto';
import { Public } from '../access/access.decorators.js';
import { IDE_ASSETS_ROOT, ideAssets } from './ide-assets.js';
import { ideContentSecurityPolicy } from './ide-csp.js';
import { renderIdePage } from './ide-page.js';

/** Altair's names outlive its versions, so a browser asks each time whether its copy is still good. */
const ASSET_HEADERS = { 'Cache-Control': 'no-cache', 'Content-Security-Policy': ideContentSecurityPolicy() };

/** Altair, from our own origin and with nothing from any other. */
@Controller('ide')
export class IdeController {
  @Get()
  @Public()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  page(@Res({ passthrough: true }) response: Response): string {
    const nonce = randomBytes(16).toString('base64');
    response.setHeader('Content-Security-Policy', ideContentSecurityPolicy(nonce));
    return renderIdePage(nonce);
  }

  @Get('*path')
  @Public()
  asset(@Param('path') segments: string[], @Res() response: Response): void {
    const path = segments.join('/');
    if (!ideAssets.has(path)) throw new NotFoundException();
    response.sendFile(path, { root: IDE_ASSETS_ROOT, cacheControl: false, headers: ASSET_HEADERS });
  }
}
