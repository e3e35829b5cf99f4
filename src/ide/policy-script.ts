/**
 * The first script of the page. It makes Altair's libraries live with our Content-Security-Policy without a violation:
 * some of them forget the nonce on a style that they make, and one asks by way of `new Function('')` whether it may
 * evaluate strings, which it then does without.
 */
export const POLICY_SCRIPT = `
const { nonce } = document.currentScript;
const { createElement } = Document.prototype;
Document.prototype.createElement = function (...args) {
  const element = createElement.apply(this, args);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
};
globalThis.Function = new Proxy(Function, {
  construct() {
    throw new EvalError('The Content-Security-Policy of this page forbids it');
  },
});
`.trim();
