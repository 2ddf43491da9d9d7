// Azurite collects its garbage every ten minutes, with a time that grows with the square of what was written, and answers nothing
// meanwhile. A test account lives for one test, so nothing needs collecting: timers of ten minutes and more never fire.
const original = global.setTimeout;
global.setTimeout = Object.assign(
  (callback, delay, ...rest) => original(delay >= 600_000 ? () => {} : callback, delay, ...rest), original);
