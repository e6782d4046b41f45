import { within } from "./range.js"

/** @typedef {{ source: string, name: string, points: import("./points.js").Points }} Shown */

/**
 * The points within a range, as RFC 4180 has it: a header, then a row for each point.
 * @param {Shown[]} lines
 * @param {import("./range.js").Range} range
 */
export function csvOf(lines, range) {
    const rows = ["source,series,x,y"]
    for (const { source, name, points } of lines) {
        const { xs, ys, ascending, length } = points
        const who = `${field(source)},${field(name)}`
        const [start, end] = ascending ? within(xs, range) : [0, length]
        for (let i = start; i < end; i++)
            if (xs[i] >= range[0] && xs[i] <= range[1])
                rows.push(`${who},${xs[i]},${ys[i]}`)
    }
    return rows.join("\r\n") + "\r\n"
}

/**
 * What a spreadsheet would take for a formula: at the beginning of a text, or, where it takes another character than the
 * comma for the separator, behind that.
 */
const FORMULA = /(^|[,;|\t\r\n"])(\s*)([=+\-@\uff1d\uff0b\uff0d\uff20])/g

/**
 * Text as a field. What would be computed gets an apostrophe in front.
 * @param {string} text
 */
function field(text) {
    const plain = text.replace(FORMULA, "$1$2'$3")
    return /[",;|\t\r\n]/.test(plain)
        ? `"${plain.replaceAll('"', '""')}"`
        : plain
}

/**
 * Hands a text to the browser as a file to keep.
 * @param {string} name
 * @param {string} text
 */
export function download(name, text) {
    const link = document.createElement("a")
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }))
    link.download = name
    link.click()
    // the browser has started by then
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
