// Sign-in with an issuer of OpenID Connect: authorization code with PKCE. The token stays in this page's memory.

import { h, tryParse } from './h.js';
import { kept, readSession, renewBy, root, session, signIn } from './api.js';
import { fault, go } from './app.js';

const PLACE = 'agentfunctions.oidc';
const encode = bytes => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));

async function endpoints(way) {
  const response = await fetch(`${way.authority.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!response.ok) throw new Error(`The issuer ${way.authority} does not say where to sign in.`);
  return response.json();
}

/** Leaves for the issuer's page. */
export async function begin(way) {
  const { authorization_endpoint: place } = await endpoints(way);
  const begun = { verifier: random(), state: random(), nonce: random(), way: way.name,
    at: location.pathname.slice(root.pathname.length) + location.search };
  kept('sessionStorage', PLACE, JSON.stringify(begun));
  const challenge = encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(begun.verifier))));
  const url = new URL(place);
  url.search = new URLSearchParams({ ...Object.fromEntries(url.searchParams), client_id: way.clientId, response_type: 'code',
    redirect_uri: new URL('signed-in', root).href, scope: way.scope ?? 'openid profile', state: begun.state, nonce: begun.nonce,
    code_challenge: challenge, code_challenge_method: 'S256' });
  location.assign(url);
}

/** The page to which the issuer comes back. */
export async function mount(view) {
  view.title('Signing in');
  const begun = JSON.parse(kept('sessionStorage', PLACE) ?? 'null');
  kept('sessionStorage', PLACE, '');
  const { code, state, error, error_description: description } = view.params;
  history.replaceState(history.state, '', location.pathname);
  const fail = detail => { view.el.append(h('h1', null, 'Signing in'), fault({ status: 401, detail, code: 'signIn' })); return {};
    };
  if (error) return fail(`The issuer refused: ${description ?? error}`);
  if (!code || begun?.state !== state) return fail('This sign-in was not begun here. Begin again.');
  await readSession();
  const way = session.ways.find(one => one.kind === 'oidc' && one.name === begun.way) ??
    session.ways.find(one => one.kind === 'oidc');
  if (!way) return fail('This host does not know the issuer any more.');
  const problem = await take(way, { grant_type: 'authorization_code', code, redirect_uri: new URL('signed-in', root).href,
    code_verifier: begun.verifier }, begun.nonce);
  if (problem) return fail(problem);
  go(begun.at, { replace: true });
  return {};
}

let timer = 0;
const claims = token => tryParse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) ?? {};

/** Asks for a token and signs in with it; says what went wrong. A minute before it ends the next one is asked for. */
async function take(way, asked, nonce) {
  const { token_endpoint: place } = await endpoints(way);
  const response = await fetch(place, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...asked, client_id: way.clientId }) });
  const tokens = await response.json().catch(() => ({}));
  if (!response.ok || !tokens.access_token)
    return `The issuer gave no token: ${tokens.error_description ?? tokens.error ?? response.status}`;
  // The host checks the token; that it belongs to this sign-in only the page can know.
  if (nonce && tokens.id_token && claims(tokens.id_token).nonce !== nonce) return 'The token of the issuer is not for this sign-in.';
  if (!await signIn(tokens.access_token, false)) return 'This host does not take the token of the issuer.';
  const next = tokens.refresh_token ?? asked.refresh_token;
  if (!next) return null;
  const renew = async () => !await take(way, { grant_type: 'refresh_token', refresh_token: next });
  renewBy(renew);
  clearTimeout(timer);
  timer = setTimeout(() => renew().catch(() => {}), Math.min(2 ** 31 - 1, Math.max(10, (tokens.expires_in ?? 3600) - 60) * 1000));
  return null;
}
