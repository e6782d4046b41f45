import { spawn } from "node:child_process"
import {
    existsSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { TestContext } from "node:test"
import { freePort } from "../../lib/ports.ts"
import { once } from "../wire/wait.ts"

/** Debian's; the environment variable names another one. */
const NGINX = process.env.NGINX ?? "/usr/sbin/nginx"

if (!existsSync(NGINX)) {
    console.error(
        `nginx is not at ${NGINX}; to install it: apt-get install -y nginx-light, or name another one in NGINX`
    )
    process.exit(1)
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Starts nginx with the example configuration in front of a server's port. @returns the port of nginx */
export async function startNginx(
    t: TestContext,
    serverPort: number
): Promise<number> {
    const folder = mkdtempSync(join(tmpdir(), "nginx-"))
    const port = await freePort()
    writeFileSync(join(folder, "nginx.conf"), configuration(port, serverPort))
    const nginx = spawn(
        NGINX,
        ["-p", folder, "-c", "nginx.conf", "-e", "stderr"],
        { stdio: ["ignore", "inherit", "inherit"] }
    )
    const ended = once(nginx, "exit")
    t.after(async () => {
        nginx.kill("SIGTERM")
        await ended
        rmSync(folder, { recursive: true })
    })
    await Promise.race([
        untilOpen(port),
        ended.then(([code]) => {
            throw new Error(`nginx ended with ${code}`)
        }),
    ])
    return port
}

/** The example, with ports, a certificate and folders of the test's own. */
function configuration(port: number, serverPort: number): string {
    const certificate = here("../certificates/test-only")
    const replacements: [from: string, to: string][] = [
        ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
        ["127.0.0.1:8000", `127.0.0.1:${serverPort}`],
        [
            "/etc/letsencrypt/live/example.com/fullchain.pem",
            `${certificate}.cert.pem`,
        ],
        [
            "/etc/letsencrypt/live/example.com/privkey.pem",
            `${certificate}.key.pem`,
        ],
    ]
    let example = readFileSync(here("../../server/nginx.conf.example"), "utf8")
    for (const [from, to] of replacements) {
        if (!example.includes(from))
            throw new Error(`the example has no ${from}`)
        example = example.replace(from, to)
    }
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(kind => `${kind}_temp_path ${kind};`)
        .join("\n")
    return `daemon off;
pid nginx.pid;
events {}
http {
access_log off;
${temporary}
${example}
}`
}

async function untilOpen(port: number): Promise<void> {
    for (;;) {
        const socket = connect(port, "127.0.0.1")
        const open = await new Promise<boolean>(resolve => {
            socket.once("connect", () => resolve(true))
            socket.once("error", () => resolve(false))
        })
        socket.destroy()
        if (open) return
        await new Promise(resolve => setTimeout(resolve, 20))
    }
}
