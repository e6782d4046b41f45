/**
 * Opens a WebSocket to a path of the page's own server. A token that stands in the page's address, behind
 * `#token=`, goes along as a subprotocol: a page cannot set a request header, and what is behind `#` is in no log.
 * @param {string} path
 * @param {string[]} protocols subprotocols, the preferred one first
 */
export function openSocket(path, protocols = []) {
    const url = new URL(path, location.href)
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
    url.hash = ""
    return new WebSocket(url, [...protocols, ...bearer(location.hash)])
}

/** @param {string} hash */
function bearer(hash) {
    const token = new URLSearchParams(hash.slice(1)).get("token")
    if (!token) return []
    const bytes = String.fromCharCode(...new TextEncoder().encode(token))
    const text = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_")
    // the server agrees to the first one, and so does not say the token back
    return ["bearer", `bearer.${text.replaceAll("=", "")}`]
}
