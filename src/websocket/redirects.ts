import { sleep } from "../fiber/clock"
import { HandshakeValue } from "../protocol/handshake-value"
import { HandshakeError } from "../protocol/response"
import { formatUrl, parseUrl, resolveUrl, Url } from "../protocol/url"

/**
 * Longest URL of a redirect, with the one that it starts from. A path can be nothing but dots to resolve, and the VM allows so many
 * steps without a pause.
 */
const MAX_URL = 1500

/** What `connect` and `connectOver` have in common, once they have a network. */
export type Connect<C, O> = (url: string, options?: O) => Promise<C>

export interface RedirectsOptions {
    /** How many redirects in a row. Default 5. */
    max?: number
    /** What goes into the handshake with another server than that of the URL. Default nothing. */
    elsewhere?: HandshakeValue[]
}

/**
 * Follows redirects, RFC 9110, 15.4: `const connection = await followRedirects(connect)("ws://…")`. What goes into the
 * handshake, passwords and subprotocols for instance, is for the server of the URL and goes to no other; nor does a redirect
 * lead from TLS to a connection without it.
 * @param connect `connect`, or for another network `(url, options) => connectOver(dial, url, options)`
 * @returns a function to use in its place; HandshakeError for a redirect that is not followed
 */
export function followRedirects<C, O extends { handshake?: HandshakeValue[] }>(
    connect: Connect<C, O>,
    options: RedirectsOptions = {}
): Connect<C, O> {
    return async (url: string, connectOptions?: O) => {
        for (let left = options.max ?? 5; ; --left) {
            try {
                return await connect(url, connectOptions)
            } catch (e: any) {
                if (left < 1 || !isRedirect(e)) throw e
                const { location } = e
                if (url.length + location.length > MAX_URL) throw e
                const from = parseUrl(url)
                const next = resolveUrl(from, location)
                await sleep(0)
                let to: Url
                try {
                    to = parseUrl(next)
                } catch {
                    throw e
                }
                if (from.secure && !to.secure) throw e
                const isSame =
                    to.secure === from.secure &&
                    to.authority.toLowerCase() === from.authority.toLowerCase()
                to.userinfo = isSame ? from.userinfo : undefined
                url = formatUrl(to)
                if (!isSame)
                    connectOptions = {
                        ...connectOptions,
                        handshake: options.elsewhere,
                    }
            }
        }
    }
}

/** Whether another place is named, RFC 9110, 15.4. */
function isRedirect(error: any): boolean {
    if (!(error instanceof HandshakeError) || error.location === undefined)
        return false
    const { status } = error
    return status === 307 || status === 308 || (status > 300 && status < 304)
}
