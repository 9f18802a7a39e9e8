// oidc-provider on loopback, as a process of its own: node provider.mjs FOLDER PORT, where FOLDER holds its node_modules.
// Each line it reads is JSON and says what it is from then on; it answers each with a line, and goes on under the same address:
//   keys      it signs with the first ({kid, alg}), and publishes all; a key that was named before is the same key
//   hidden    kids of keys that are not published any more, whoever still signs with them
//   clock     by so many seconds its clock is wrong
//   clients   who may ask, as its documentation has it
//   people    by the name they sign in with: what it tells of them
//   ways      how a client may show its secret
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, port] = process.argv.slice(2);
const { default: Provider } = await import(
  pathToFileURL(join(folder, "node_modules/oidc-provider/lib/index.js"))
);
const issuer = `http://127.0.0.1:${port}`;

console.info = console.warn = () => {}; // what it says of its own pages
const now = Date.now;
let state = { keys: [{ kid: "one", alg: "RS256" }], hidden: [], clock: 0, clients: [], people: {}, ways: ["client_secret_basic"] };
Date.now = () => now() + state.clock * 1000;

const kinds = {
  RS: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  PS: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  Ed: () => generateKeyPairSync("ed25519"),
};
const made = new Map();

function key({ kid, alg }) {
  if (!made.has(kid)) {
    const pair = kinds[alg.slice(0, 2)]();
    made.set(kid, { ...pair.privateKey.export({ format: "jwk" }), kid, alg, use: "sig" });
  }
  return made.get(kid);
}

function provider() {
  const begun = new Provider(issuer, {
    clients: state.clients,
    clientAuthMethods: state.ways,
    jwks: { keys: state.keys.map(key) },
    cookies: { keys: ["only for this test"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"] },
    pkce: { methods: ["S256"], required: () => true },
    ttl: { IdToken: 3600, AccessToken: 600, AuthorizationCode: 3600, Session: 3600, Interaction: 600, Grant: 3600 },
    findAccount: (context, name) =>
      state.people[name] && { accountId: name, claims: async () => ({ sub: name, ...state.people[name] }) },
  });
  begun.use(async (context, next) => {
    await next();
    if (context.path === "/jwks") {
      context.body = { keys: context.body.keys.filter((one) => !state.hidden.includes(one.kid)) };
    }
  });
  return begun.callback();
}

let answer;
const server = createServer((request, response) => answer(request, response));
createInterface({ input: process.stdin })
  .on("line", (line) => {
    state = { ...state, ...JSON.parse(line) };
    answer = provider();
    const say = () => process.stdout.write("ready\n");
    server.listening ? say() : server.listen(Number(port), "127.0.0.1", say);
  })
  .on("close", () => process.exit());
