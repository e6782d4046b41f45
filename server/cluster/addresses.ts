import { reachableAddresses } from "../../lib/addresses.ts"
import type { Server } from "../server.ts"

/** Where a server is to be found. */
export interface Addresses {
    url: string
    /** Not where no browser can open them */
    page?: string
    plotPage?: string
    port: number
    sourcePort?: number
    adminPort?: number
    /** URLs at which other machines reach it */
    reachable: string[]
}

/** @param host what the server listens on */
export function addressesOf(server: Server, host = ""): Addresses {
    const { url, port, sourcePort, adminPort } = server
    const { page, plotPage } = server.isForBrowsers ? server : {}
    const listensOnAll = host === "0.0.0.0" || host === "::"
    const reachable = listensOnAll
        ? reachableAddresses().map(address => server.urlAt(address))
        : []
    return { url, page, plotPage, port, sourcePort, adminPort, reachable }
}
