// The address of the runtime: taken before the page changes its own address.
const root = new URL(document.documentElement.dataset.root, document.baseURI);

const health = await fetch(new URL('health/live', root));
const line = document.createElement('p');
line.textContent = health.ok ? 'The host answers.' : `The host answers ${health.status}.`;
document.querySelector('main').append(line);
