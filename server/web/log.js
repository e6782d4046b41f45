/** Lines that stay; older ones go. */
const LINES = 200

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 */
export function element(id, type) {
    const found = document.getElementById(id)
    if (found instanceof type) return found
    throw new TypeError(`the page has no ${type.name} ${id}`)
}

const log = element("log", HTMLOListElement)

/**
 * Adds a line; the text is shown, never read as HTML.
 * @param {string} kind
 * @param {string} text
 */
export function note(kind, text) {
    const line = document.createElement("li")
    line.className = kind
    for (const [tag, content] of [
        ["b", kind],
        ["span", text],
        ["time", new Date().toLocaleTimeString()],
    ])
        line.appendChild(document.createElement(tag)).textContent = content
    log.append(line)
    while (log.childElementCount > LINES) log.firstElementChild?.remove()
    log.scrollTop = log.scrollHeight
}
