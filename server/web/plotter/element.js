/**
 * The element that matches a selector.
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} type
 */
export function find(parent, selector, type) {
    const found = parent.querySelector(selector)
    if (found instanceof type) return found
    throw new TypeError(`the page has no ${type.name} ${selector}`)
}

/**
 * A new element with a text, which is shown and never read as HTML.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [text]
 * @param {string} [className]
 */
export function create(tag, text = "", className = "") {
    const element = document.createElement(tag)
    element.textContent = text
    if (className) element.className = className
    return element
}

/**
 * What a template of the page holds, anew.
 * @param {string} id
 */
export function fromTemplate(id) {
    const { content } = find(document, `template#${id}`, HTMLTemplateElement)
    const [element] = document.importNode(content, true).children
    if (element instanceof HTMLElement) return element
    throw new TypeError(`template ${id} is empty`)
}

/**
 * Sets a text when it is another one, so that what is unchanged is neither laid out nor read out again.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
    if (element.textContent !== text) element.textContent = text
}
