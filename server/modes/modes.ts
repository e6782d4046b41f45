import { page, type Page, type Pages } from "../http/page.ts"
import { PLOT_PATH, plotPages } from "./plot-pages.ts"

/** A WebSocket message as the application sees it: text is never mistaken for binary, nor the other way round. */
export type Message =
    { type: "text"; data: string } | { type: "binary"; data: Buffer }

/** What the server answers, if anything; the reply has the type of the message. */
export type Reply = (message: Message) => Message | undefined

/** What the server says of itself: the texts one after the other, `interval` milliseconds before each, then it closes. */
export interface Push {
    interval: number
    texts: string[]
}

/** Returns the message as it came. */
export const echo: Reply = message => message

/** Reverses text by Unicode code point (so a surrogate pair stays whole) and binary by byte. */
export const reverse: Reply = message =>
    message.type === "text"
        ? { type: "text", data: reversed(message.data) }
        : { type: "binary", data: Buffer.from(message.data).reverse() }

/** Over the UTF-16 units and at once: many times as fast as over an array of code points. */
function reversed(text: string): string {
    const units = Buffer.from(text, "utf16le").reverse().swap16()
    const result = units.toString("utf16le")
    return SURROGATE.test(text) ? result.replace(TURNED_PAIR, "$2$1") : result
}

/** Half of a code point above U+FFFF, and a code point whose halves have changed places. */
const SURROGATE = /[\ud800-\udfff]/
const TURNED_PAIR = /([\udc00-\udfff])([\ud800-\udbff])/g

/** Puts `text`, for a binary message its UTF-8 bytes, in front. */
export function prefix(text: string): Reply {
    const bytes = Buffer.from(text)
    return message =>
        message.type === "text"
            ? { type: "text", data: text + message.data }
            : { type: "binary", data: Buffer.concat([bytes, message.data]) }
}

/** The modes, and where each listens unless told otherwise: the addresses of the programs that they replace. */
export const MODES = {
    reverse: { port: 8000, path: "/ws" },
    echo: { port: 8000, path: "/ws" },
    prefix: { port: 8888, path: "/socket" },
    tutorial: { port: 9876, path: "/" },
    plotter: { port: 9877, path: "/" },
}

export type ModeName = keyof typeof MODES

/** The text that the prefix mode puts in front unless told otherwise. */
export const DEFAULT_PREFIX = "server: "

/** What a mode does on a connection; `text` matters to the prefix mode only. */
export function behaviourOf(
    mode: ModeName,
    text: string
): { reply?: Reply; push?: Push } {
    return {
        reverse: { reply: reverse },
        echo: { reply: echo },
        prefix: { reply: prefix(text) },
        tutorial: { push: { interval: 1000, texts: ["hello", "world"] } },
        // all its WebSockets are pages
        plotter: {},
    }[mode]
}

/** The pages of a mode whose WebSocket is at `path`. */
export function pagesOf(mode: ModeName, path: string, text: string): Pages {
    if (mode === "plotter") return new Map([...plotPages("/", ""), ...shared()])
    const abouts = {
        reverse: "The server sends each message back reversed.",
        echo: "The server sends each message back as it came.",
        prefix: `The server sends each message back with “${text}” in front.`,
        tutorial:
            "The server says hello, a second later world, and then closes. It reads nothing.",
    }
    const title = mode[0].toUpperCase() + mode.slice(1)
    const form = mode === "tutorial" ? "hidden" : ""
    return new Map([
        ["/", page("talk.html", { title, about: abouts[mode], path, form })],
        ["/talk.css", page("talk.css")],
        ["/talk.js", page("talk.js")],
        ...plotPages(PLOT_PATH, path),
        ...shared(),
    ])
}

function shared(): [string, Page][] {
    return ["style.css", "socket.js", "icon.svg"].map(file => [
        `/${file}`,
        page(file),
    ])
}
