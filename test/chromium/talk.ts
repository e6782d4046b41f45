import type { Page } from "playwright-core"

/** A message: text, or the bytes of a binary one. */
export type Said = string | number[]

/** What a page's WebSocket is to do. */
export interface Talk {
    url: string
    protocols?: string[]
    /** Sent once it is open */
    say: Said[]
    /** Close once each message got its reply; without, the server has to */
    close?: { code: number; reason: string }
}

/** What a page's WebSocket told. */
export interface Heard {
    protocol: string
    extensions: string
    messages: Said[]
    code: number
    reason: string
    wasClean: boolean
}

/** Lets the page's own WebSocket talk until it is closed. */
export function talk(page: Page, todo: Talk): Promise<Heard> {
    return page.evaluate(talkInPage, todo)
}

// runs in the page, so it is self-contained; inner functions have no name, for tsx would mark those with a helper
function talkInPage({ url, protocols, say, close }: Talk): Promise<Heard> {
    const socket = new WebSocket(url, protocols)
    const messages: Said[] = []
    socket.binaryType = "arraybuffer"
    socket.onopen = () => {
        for (const said of say)
            socket.send(typeof said === "string" ? said : new Uint8Array(said))
        if (!say.length && close) socket.close(close.code, close.reason)
    }
    socket.onmessage = ({ data }) => {
        messages.push(
            typeof data === "string" ? data : [...new Uint8Array(data)]
        )
        if (messages.length === say.length && close)
            socket.close(close.code, close.reason)
    }
    return new Promise(resolve => {
        socket.onclose = ({ code, reason, wasClean }) =>
            resolve({
                protocol: socket.protocol,
                extensions: socket.extensions,
                messages,
                code,
                reason,
                wasClean,
            })
    })
}
