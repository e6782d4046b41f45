import { readFileSync } from "node:fs"

/** Milliseconds between two looks at whether npm is still there. */
const LOOK = 500

/**
 * Calls `stop` on SIGINT and SIGTERM. When npm started this process it does so too when npm has gone: a signal ends npm and
 * the shell that it puts in between, and does not come through. A service manager starts Node itself: then there is no
 * npm, and nobody is watched.
 */
export function onStop(stop: () => void): void {
    process.on("SIGINT", stop).on("SIGTERM", stop)
    if (process.env.npm_lifecycle_event === undefined) return
    const before = parents()
    const timer = setInterval(() => {
        if (parents() === before) return
        clearInterval(timer)
        stop()
    }, LOOK)
    timer.unref()
}

/** The parent; when that is npm's shell, npm as well. Whose child a process is can be read on Linux only. */
function parents(): string {
    const { ppid } = process
    try {
        const status = readFileSync(`/proc/${ppid}/status`, "utf8")
        const isShell = /^Name:\t\w*sh$/m.test(status)
        return `${ppid} ${isShell ? /^PPid:\t\d+/m.exec(status) : ""}`
    } catch {
        return String(ppid)
    }
}
