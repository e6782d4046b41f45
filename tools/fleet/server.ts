/** The fleet's own server, in a process of its own, so that its load can be told from that of the boards. */
import { startServer } from "../../server/server.ts"

/** What it tells, again and again. */
export interface ServerNews {
    url: string
    connections: number
    messages: number
    /** Milliseconds of CPU that the process has taken so far. */
    cpu: number
    /** Resident memory in bytes. */
    memory: number
}

/** Milliseconds between two pieces of news. */
const NEWS = 500

let messages = 0
const server = await startServer({
    port: 0,
    maxConnections: 100_000,
    on: { message: () => messages++ },
})

function tell() {
    const { user, system } = process.cpuUsage()
    const news: ServerNews = {
        url: server.url,
        connections: server.connections.size,
        messages,
        cpu: (user + system) / 1000,
        memory: process.memoryUsage.rss(),
    }
    if (process.connected) process.send!(news, undefined, undefined, () => {})
}

tell()
setInterval(tell, NEWS)
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {})
for (const end of ["message", "disconnect"])
    process.on(end, () => void server.close().then(() => process.exit()))
