/** Colours, dim; a light of one colour is on or off. */
export const DARK = 0
export const GREEN = 0x001800
export const RED = 0x200000
export const BLUE = 0x000020

/**
 * A colour as the firmware has to be told it, so that the light shows it.
 * @param isGreenFirst the light takes green before red, and the firmware sends red first
 */
export function asSent(color: number, isGreenFirst: boolean): number {
    if (!isGreenFirst) return color
    const red = color >> 16
    const green = (color >> 8) & 0xff
    return (green << 16) | (red << 8) | (color & 0xff)
}
