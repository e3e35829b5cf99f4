import mustache from 'mustache';
import type { FolderMail } from '../mail/mail-folder.js';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="refresh" content="5">
    <title>Mails</title>
    <style nonce="{{nonce}}">
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 720px; margin: 32px auto; padding: 0 16px }
      article { border-top: 1px solid #8886; padding: 12px 0 }
      h2 { font-size: 17px; margin: 0 }
      small { opacity: 0.75 }
      pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: 8px 0 }
    </style>
  </head>
  <body>
    <h1>Mails</h1>
    <p>What this server would have sent, the youngest first. With MAIL_URL it sends.</p>
    {{#mails}}
    <article>
      <h2>{{subject}}</h2>
      <small>to {{to}}, {{date}} · <a href="/mails/{{name}}.html">HTML</a> · <a href="/mails/{{name}}.eml">source</a></small>
      <pre>{{#parts}}{{#link}}<a href="{{link}}">{{link}}</a>{{/link}}{{plain}}{{/parts}}</pre>
    </article>
    {{/mails}}
    {{^mails}}<p>There is none yet.</p>{{/mails}}
  </body>
</html>
`;

/** The page of sent mails. What is in a mail is text to it, and escaped. */
export function renderMailsPage(mails: readonly FolderMail[], nonce: string): string {
  const shown = mails.map(({ name, to, date, subject, text }) => ({ name, to, date, subject, parts: partsOf(text) }));
  return mustache.render(PAGE, { nonce, mails: shown });
}

/** The text with its links apart. */
function partsOf(text: string): { plain?: string; link?: string }[] {
  const isLink = /^https?:\/\/\S+$/;
  return text.split(/(\s+)/).map((part) => (isLink.test(part) ? { link: part } : { plain: part }));
}
