/**
 * How a join ticket is told from other text, without loading what reads one.
 */

export const TICKET_PREFIX = "thinwire1";

/** Whether text is meant as a ticket, of whichever version. */
export const looksLikeTicket = (text: string): boolean => /^\s*thinwire\d/.test(text);
