import { addressesOf } from "./address.ts"
import type { EchoServer } from "./echo.ts"
import { quote } from "./log.ts"
import { print } from "./output.ts"

/** Where a server is to be found. */
export interface Announcement {
    url: string
    page: string
    plotPage: string
    port: number
    sourcePort?: number
    /** URLs at which other machines reach it */
    reachable: string[]
}

export function announcementOf(server: EchoServer, host = ""): Announcement {
    const { url, page, plotPage, port, sourcePort } = server
    const reachable = addressesOf(host).map(address => server.urlAt(address))
    return { url, page, plotPage, port, sourcePort, reachable }
}

export function announce(announcement: Announcement, json: boolean): void {
    if (json) return print(quote({ event: "listening", ...announcement }))
    const { url, page, plotPage, sourcePort, reachable } = announcement
    print(`listening on ${url}`)
    for (const address of reachable) print(`reachable at ${address}`)
    print(`page at ${page}`)
    print(`devices and plot at ${plotPage}`)
    if (sourcePort) print(`data sources at TCP port ${sourcePort}`)
}
