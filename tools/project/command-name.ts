/**
 * A command as its user types it, for the `Usage:` of its help: by npm in a project, where options stand behind `--`, or by `npx`.
 * @param name `sim`
 */
export function nameOf(name: string): string {
    const { npm_lifecycle_event, npm_command } = process.env
    if (npm_command === "exec") return `npx devicescript-websocket ${name}`
    const script = npm_lifecycle_event ?? name
    return script === "start" || script === "test"
        ? `npm ${script} --`
        : `npm run ${script} --`
}
