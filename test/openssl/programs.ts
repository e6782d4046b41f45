import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import type { TestContext } from "node:test"
import { once } from "../wire/wait.ts"

/** Debian's; environment variables name others. */
const PROGRAMS = {
    openssl: process.env.OPENSSL ?? "/usr/bin/openssl",
    stunnel4: process.env.STUNNEL ?? "/usr/bin/stunnel4",
}

for (const [name, path] of Object.entries(PROGRAMS))
    if (!existsSync(path)) {
        console.error(
            `${name} is not at ${path}; to install it: apt-get install -y ${name}`
        )
        process.exit(1)
    }

/** Runs a program until the test ends. @returns what waits until it has printed a text */
export function run(
    t: TestContext,
    name: keyof typeof PROGRAMS,
    args: string[]
) {
    const child = spawn(PROGRAMS[name], args, {
        stdio: ["pipe", "pipe", "pipe"],
    })
    const ended = once(child, "exit")
    t.after(async () => {
        child.kill("SIGKILL")
        await ended
    })
    let output = ""
    const note = (data: Buffer) => {
        output += data
        child.emit("noted")
    }
    child.stdout.on("data", note)
    child.stderr.on("data", note)
    return async (text: string) => {
        while (!output.includes(text)) await once(child, "noted")
    }
}
