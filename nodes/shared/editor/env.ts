/** Whether a field holds `${ENV_VAR}`, which Node-RED puts in before the node starts. */
export function isEnv(value: string): boolean {
  return /^\$\{[^}]+\}$/.test(value.trim());
}
