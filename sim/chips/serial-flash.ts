/**
 * A model of a serial flash memory, written from the datasheet of the W25Q16JV (revision I): the commands that a boot ROM
 * and its flash routines need, one bit wide. Erasing and programming take no time.
 *
 * @see https://www.winbond.com/resource-files/W25Q16JV%20SPI%20RevI%2010042024%20Plus.pdf section 8.1.2
 */
const enum Command {
    PageProgram = 0x02,
    ReadData = 0x03,
    WriteDisable = 0x04,
    ReadStatus1 = 0x05,
    WriteEnable = 0x06,
    SectorErase = 0x20,
    ReadStatus2 = 0x35,
    ReadUniqueId = 0x4b,
    BlockErase32 = 0x52,
    JedecId = 0x9f,
    BlockErase64 = 0xd8,
}

const ERASES: Record<number, number> = {
    [Command.SectorErase]: 0x1000,
    [Command.BlockErase32]: 0x8000,
    [Command.BlockErase64]: 0x10000,
}
const PAGE = 256
/** Manufacturer, type, and capacity as a power of two, less its last digit: section 8.1.1. */
const JEDEC_ID = [0xef, 0x40, 0x15]
/** Write enable latch in status register 1, quad enable in status register 2: section 7.1. */
const WEL = 0x02
const QE = 0x02

/** The memory. Drive it with `select`, `transfer` and `deselect`. */
export class SerialFlash {
    private command = 0
    private address = 0
    /** Bytes since the chip was selected. */
    private count = 0
    private page: number[] = []
    private writable = false

    /**
     * @param content what it holds, changed in place; its length is the capacity
     * @param uniqueId 8 bytes
     */
    constructor(
        private readonly content: Uint8Array,
        private readonly uniqueId: Uint8Array
    ) {}

    /** /CS falls. */
    select(): void {
        this.count = 0
        this.page = []
    }

    /** Eight clocks. */
    transfer(byte: number): number {
        const at = this.count++
        if (at === 0) {
            this.command = byte
            this.address = 0
        } else if (at <= 3) this.address = (this.address << 8) | byte
        else this.page.push(byte)
        return at ? this.answer(at) : 0xff
    }

    /** /CS rises: what has been said takes effect. */
    deselect(): void {
        const { command } = this
        if (this.count === 0) return
        if (command === Command.WriteEnable) this.writable = true
        else if (command === Command.WriteDisable) this.writable = false
        else if (this.writable && this.count >= 4) this.change(ERASES[command])
        this.count = 0
    }

    private answer(at: number): number {
        switch (this.command) {
            case Command.ReadStatus1:
                return this.writable ? WEL : 0
            case Command.ReadStatus2:
                return QE
            case Command.JedecId:
                return JEDEC_ID[at - 1] ?? 0xff
            case Command.ReadUniqueId:
                return this.uniqueId[at - 5] ?? 0xff // behind four dummy bytes: section 8.2.27
            case Command.ReadData:
                return at < 4 ? 0xff : this.at(this.address + at - 4)
            default:
                return 0xff
        }
    }

    private at(address: number): number {
        return this.content[address % this.content.length]
    }

    private change(erases: number | undefined) {
        const { content, address } = this
        if (erases) {
            const start = (address % content.length) & -erases
            content.fill(0xff, start, start + erases)
        } else if (this.command === Command.PageProgram) this.program()
        else return
        this.writable = false
    }

    /** Clears bits, never sets any; runs over the end of a page to its beginning: section 8.2.15. */
    private program() {
        const { content } = this
        const start = (this.address % content.length) & -PAGE
        this.page.forEach(
            (byte, i) => (content[start + ((this.address + i) % PAGE)] &= byte)
        )
    }
}
