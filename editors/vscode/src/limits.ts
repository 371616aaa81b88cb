/** A server that ends so often within so many milliseconds is not started again. */
export const CRASHES = { limit: 4, within: 180_000 };
