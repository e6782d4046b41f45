/**
 * Whether `reply` is `text` backwards, by Unicode code point. DeviceScript indexes strings by code point, so that a
 * character beyond U+FFFF stays whole.
 */
export function isReversal(reply: string, text: string): boolean {
    const last = text.length - 1
    if (reply.length !== last + 1) return false
    for (let i = 0; i <= last; ++i)
        if (reply[i] !== text[last - i]) return false
    return true
}

/** `text` backwards, at most its last `length` characters. */
export function reversed(text: string, length: number): string {
    let result = ""
    const end = Math.max(0, text.length - length)
    for (let i = text.length - 1; i >= end; --i) result += text[i]
    return result
}

/**
 * `text` as it is put into a log line: in quotes, control characters escaped, and a … in the place of what is too much.
 * (`JSON.stringify` is of no use here: it escapes the bytes of UTF-8 one by one.)
 * @param room bytes that it may take, quotes included
 */
export function quote(text: string, room: number): string {
    const ellipsis = 3
    let left = room - 2 - ellipsis
    let result = ""
    for (let i = 0; i < text.length; ++i) {
        const char = escaped(text, i)
        left -= Buffer.from(char).length
        if (left < 0) return `"${result}…"`
        result += char
    }
    return `"${result}"`
}

function escaped(text: string, i: number): string {
    const code = text.charCodeAt(i)
    if (code === 0x22 || code === 0x5c) return "\\" + text[i]
    if (code >= 0x20 && code !== 0x7f) return text[i]
    const hex = Buffer.alloc(1)
    hex.setAt(0, "u8", code)
    return "\\u00" + hex.toString("hex")
}
