// A gateway as fastify's documentation has it: the token is checked (ES256, verified tokens remembered), then the
// request is passed on as it is. No revocations, limits, signature, envelope, log or figures.

const { createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");

const fastify = require("fastify");
const proxy = require("@fastify/http-proxy");
const jwt = require("@fastify/jwt");

const [key] = JSON.parse(readFileSync(process.env.BENCH_KEYS)).keys.keys;
const server = fastify({ logger: false });

server.register(jwt, {
  secret: { public: createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" }) },
  verify: { algorithms: ["ES256"], allowedAud: "estuary", cache: 1000 },
});
server.register(proxy, {
  upstream: process.env.BENCH_UPSTREAM,
  prefix: "/api/v1/drf",
  rewritePrefix: "",
  undici: { connections: 64, pipelining: 1 },
  preHandler: (request) => request.jwtVerify(),
});
server.listen({ host: "127.0.0.1", port: Number(process.env.BENCH_PORT) });
