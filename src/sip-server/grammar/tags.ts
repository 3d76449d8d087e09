// The tags of a message: as the parser has read them, or read now when it is a message of ours.
import { headerOf, type SipMessage } from '../message.ts';
import { tagOf } from './name-address.ts';

export const fromTagOf = (message: SipMessage): string | undefined =>
  message.reading === undefined ? tagOf(headerOf(message, 'from')) : message.reading.fromTag;

export const toTagOf = (message: SipMessage): string | undefined =>
  message.reading === undefined ? tagOf(headerOf(message, 'to')) : message.reading.toTag;
