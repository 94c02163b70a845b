/**
 * The vendor's page about a service, with every operation, its parameters and its answers. It can be read without a
 * login. Source: the vendor's public API reference, surveyed 2026-09-09.
 */
export function documentationUrl(service: string): string {
  return `https://api.fenergox.com/${encodeURIComponent(service)}/swagger/index.html`;
}
