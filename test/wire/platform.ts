/** Reasons to skip a test, for its `skip`: what some systems do not have. */
import { existsSync } from "node:fs"

/** On Windows `kill` ends a process at once, and groups of processes have no number. */
export const noSignals =
    process.platform === "win32" && "Windows has no signals to answer"

/** Linux' table of connections. */
export const noConnectionTable =
    !existsSync("/proc/net/tcp") && "there is no /proc/net/tcp"
