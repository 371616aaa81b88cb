// Figures as people read them, the same way the reports of prefixlint write them.

export function tokens(count: number, exact: boolean): string {
  return `${exact ? "" : "~"}${Math.round(count).toLocaleString("en-US")}`;
}

export function dollars(usd: number): string {
  const digits = usd >= 1000 ? 0 : 2;
  const text = usd.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return usd > 0 && usd < 0.005 ? "less than $0.01" : `$${text}`;
}
