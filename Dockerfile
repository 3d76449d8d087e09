# Builds Arion, then runs it as an unprivileged user with nothing but Node.js and its libraries.
FROM node:24-bookworm-slim AS build
WORKDIR /arion
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
WORKDIR /arion
ENV NODE_ENV=production ARION_HTTP_HOST=0.0.0.0 ARION_DATA=/data
RUN mkdir /data && chown node:node /data
COPY --from=build /arion/package.json ./
COPY --from=build /arion/node_modules ./node_modules
COPY --from=build /arion/dist ./dist
COPY arion.yaml ./
USER node
VOLUME /data
EXPOSE 8088/tcp 5060/udp 5060/tcp
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8088/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--expose-gc", "--max-semi-space-size=4", "--v8-pool-size=0", "dist/main.js", "--config", "arion.yaml"]
