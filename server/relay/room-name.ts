/** Bytes of a room's name as UTF-8. */
const LONGEST = 128

const CONTROLS = /[\p{Cc}\p{Cs}\u2028\u2029]/u

/**
 * The name of the room that a path names behind `prefix`, percent-decoded: two paths that mean the same characters are
 * the same room. Slashes belong to it. `undefined`: no room can be called so.
 */
export function roomOf(path: string, prefix: string): string | undefined {
    if (!path.startsWith(prefix)) return undefined
    const name = decode(path.slice(prefix.length))
    if (!name || CONTROLS.test(name)) return undefined
    return Buffer.byteLength(name) <= LONGEST ? name : undefined
}

function decode(text: string): string | undefined {
    try {
        return decodeURIComponent(text)
    } catch {
        // not UTF-8
        return undefined
    }
}

/** What is wrong with a room's name, for the answer. */
export const ROOM_NAME = `A room's name is 1 to ${LONGEST} bytes of UTF-8 without controls`
