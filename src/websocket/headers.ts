import { HandshakeValue } from "../protocol/handshake-value"

/** The headers that the handshake sets itself. */
const RESERVED =
    " host upgrade connection sec-websocket-key sec-websocket-version" +
    " sec-websocket-protocol sec-websocket-extensions "

/**
 * Headers of the upgrade request, for `connect(url, { handshake: [headers({ "X-Board": "kitchen" })] })`.
 * @throws RangeError for a name or a value that cannot be sent, or that the handshake sets itself
 */
export function headers(values: Record<string, string>): HandshakeValue {
    let text = ""
    for (const name of Object.keys(values)) {
        if (!isToken(name) || RESERVED.indexOf(` ${name.toLowerCase()} `) >= 0)
            throw new RangeError(`header "${name}" can't be set`)
        text += headerLine(name, values[name])
    }
    return { request: () => text }
}

/** The `Origin` header of the upgrade request: from which site the program says it is. */
export function origin(value: string): HandshakeValue {
    return headers({ Origin: value })
}

/** A header with its line end. @throws RangeError when it can't be sent */
export function headerLine(name: string, value: string): string {
    for (let i = 0; i < value.length; ++i) {
        const c = value.charCodeAt(i)
        if ((c < 0x20 && c !== 9) || c === 0x7f)
            throw new RangeError(
                `header "${name}": control character in the value`
            )
    }
    return `${name}: ${value}\r\n`
}

/** Whether it is a token, RFC 9110, 5.6.2. */
export function isToken(text: string): boolean {
    for (let i = 0; i < text.length; ++i) {
        const c = text.charCodeAt(i)
        if (
            c <= 0x20 ||
            c >= 0x7f ||
            '"(),/:;<=>?@[\\]{}'.indexOf(text[i]) >= 0
        )
            return false
    }
    return text.length > 0
}
