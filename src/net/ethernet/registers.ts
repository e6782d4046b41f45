/** Registers of a socket of the W5500, and what they may contain. */

/** @see W5500 datasheet 1.0.9, 3.2 and 4.2: socket registers */
export const W5500_SN_MR = 0x00
export const W5500_SN_CR = 0x01
export const W5500_SN_IR = 0x02
export const W5500_SN_SR = 0x03
export const W5500_SN_PORT = 0x04
export const W5500_SN_DHAR = 0x06
export const W5500_SN_DIPR = 0x0c
export const W5500_SN_TX_FSR = 0x20
export const W5500_SN_TX_WR = 0x24
export const W5500_SN_RX_RSR = 0x26
export const W5500_SN_RX_RD = 0x28
export const W5500_SN_RX_WR = 0x2a
export const W5500_SN_KPALVTR = 0x2f

export const W5500_SN_CR_OPEN = 0x01
export const W5500_SN_CR_CONNECT = 0x04
export const W5500_SN_CR_DISCON = 0x08
export const W5500_SN_CR_CLOSE = 0x10
export const W5500_SN_CR_SEND = 0x20
export const W5500_SN_CR_RECV = 0x40

export const W5500_SN_IR_TIMEOUT = 0x08
export const W5500_SN_IR_SENDOK = 0x10

export const W5500_SN_MR_TCP = 0x21 // with ND: acknowledge at once
export const W5500_SN_MR_UDP = 0x02

export const W5500_SOCK_CLOSED = 0x00
export const W5500_SOCK_INIT = 0x13
export const W5500_SOCK_ESTABLISHED = 0x17
export const W5500_SOCK_CLOSE_WAIT = 0x1c
export const W5500_SOCK_UDP = 0x22
