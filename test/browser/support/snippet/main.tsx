import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '../../../../examples/snippets/apollo-react.js';

createRoot(document.body).render(createElement(App));
