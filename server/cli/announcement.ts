import type { Addresses } from "../cluster/addresses.ts"
import { quote } from "../telemetry/log.ts"

/** The lines that tell where a server is to be found. */
export function announcement(addresses: Addresses, json: boolean): string[] {
    if (json) return [quote({ event: "listening", ...addresses })]
    const { url, page, plotPage, sourcePort, adminPort, reachable } = addresses
    return [
        `listening on ${url}`,
        ...reachable.map(address => `reachable at ${address}`),
        page
            ? `page at ${page}`
            : "no page: browsers need a certificate, see --cert and --key",
        // where there are data sources the page is the plot
        ...(plotPage && !sourcePort ? [`devices and plot at ${plotPage}`] : []),
        ...(adminPort ? [`metrics and health at TCP port ${adminPort}`] : []),
        ...(sourcePort ? [`data sources at TCP port ${sourcePort}`] : []),
    ]
}
