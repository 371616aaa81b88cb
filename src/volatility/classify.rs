//! Which name or call yields which volatility, over `rules/volatility/`.
