const ALPHABET =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** Base64 with padding (RFC 4648, 4). */
export function base64(data: Buffer): string {
    let text = ""
    for (let i = 0; i < data.length; i += 3) {
        const left = data.length - i
        const bits =
            (data[i] << 16) |
            (left > 1 ? data[i + 1] << 8 : 0) |
            (left > 2 ? data[i + 2] : 0)
        text +=
            ALPHABET[bits >> 18] +
            ALPHABET[(bits >> 12) & 63] +
            (left > 1 ? ALPHABET[(bits >> 6) & 63] : "=") +
            (left > 2 ? ALPHABET[bits & 63] : "=")
    }
    return text
}
