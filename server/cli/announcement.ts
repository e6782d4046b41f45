import { addressesOf } from "../http/address.ts"
import type { Server } from "../server.ts"
import { quote } from "../telemetry/log.ts"
import { print } from "./output.ts"

/** Where a server is to be found. */
export interface Announcement {
    url: string
    page: string
    plotPage: string
    port: number
    sourcePort?: number
    adminPort?: number
    /** URLs at which other machines reach it */
    reachable: string[]
}

export function announcementOf(server: Server, host = ""): Announcement {
    const { url, page, plotPage, port, sourcePort, adminPort } = server
    const reachable = addressesOf(host).map(address => server.urlAt(address))
    return { url, page, plotPage, port, sourcePort, adminPort, reachable }
}

export function announce(announcement: Announcement, json: boolean): void {
    if (json) return print(quote({ event: "listening", ...announcement }))
    const { url, page, plotPage, sourcePort, adminPort, reachable } =
        announcement
    print(`listening on ${url}`)
    for (const address of reachable) print(`reachable at ${address}`)
    print(`page at ${page}`)
    // in plotter mode the page is the plot
    if (sourcePort === undefined) print(`devices and plot at ${plotPage}`)
    if (adminPort) print(`metrics and health at TCP port ${adminPort}`)
    if (sourcePort) print(`data sources at TCP port ${sourcePort}`)
}
