import { existsSync } from "node:fs"
import type { Browser } from "playwright-core"

/** Debian's; the environment variable names another one. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium"

/** No sandbox, for it does not work as root; and nothing that asks Google's hosts. */
const ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

/** Starts Chromium without a window; what is missing for that is said, and ends the program. */
export async function launchChromium(): Promise<Browser> {
    if (!existsSync(CHROMIUM))
        missing(
            `Chromium is not at ${CHROMIUM}`,
            "apt-get install -y chromium, or name another one in CHROMIUM"
        )
    const { chromium } = await import("playwright-core").catch(error => {
        if (error.code !== "ERR_MODULE_NOT_FOUND") throw error
        return missing(
            "playwright-core is not installed in test/chromium",
            "npm ci --prefix test/chromium"
        )
    })
    return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS })
}

function missing(what: string, remedy: string): never {
    console.error(`${what}; to install it: ${remedy}`)
    process.exit(1)
}
