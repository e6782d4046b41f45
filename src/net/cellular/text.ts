/** A string parameter. @throws RangeError for what AT commands have no way to say */
export function quoted(text: string): string {
    if (text.indexOf('"') >= 0 || text.indexOf("\r") >= 0)
        throw new RangeError("modem: expected no quotation mark in a parameter")
    return `"${text}"`
}

/** The number behind the last comma. */
export function lastNumber(text: string): number {
    return parseInt(text.slice(text.lastIndexOf(",") + 1))
}
