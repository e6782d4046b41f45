/** The user's browser. */
import { spawn } from "node:child_process"

const OPENERS: Partial<Record<NodeJS.Platform, string[]>> = {
    darwin: ["open"],
    win32: ["cmd", "/c", "start", ""],
}

/**
 * Opens a page.
 * @param failed is told when this computer has nothing for that
 */
export function openPage(url: string, failed: (why: string) => void): void {
    const [command, ...args] = OPENERS[process.platform] ?? ["xdg-open"]
    spawn(command, [...args, url], { stdio: "ignore", detached: true })
        .on("error", ({ message }) => failed(message))
        .unref()
}
