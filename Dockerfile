# The image of one instance: docker build -t latchkey .
# It runs as a user without rights on a file system that may be read-only; only /data is written, and only with SQLite.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npx nest build && node scripts/bundle.mjs

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
ENV DATABASE_URL=sqlite:/data/latchkey.sqlite
ENV MAIL_OUTBOX=/data/outbox
WORKDIR /app
COPY package.json ./
COPY assets ./assets
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The operator's commands: docker exec … latchkey --help
RUN chmod +x dist/cli/main.js && ln -s /app/dist/cli/main.js /usr/local/bin/latchkey
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 4000 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 4000) + '/health/ready').then((it) => process.exit(it.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, and no shell or npm in between: signals have to arrive.
CMD ["node", "dist/main.js"]
