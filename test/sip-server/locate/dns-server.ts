// A name server on loopback, and the resolver that asks it alone.
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { decode, encode, type Answer, type Question } from 'dns-packet';
import { onTestFinished } from 'vitest';

export interface DnsServer {
  readonly resolver: Resolver;
  /** "NAPTR example.com", in the order in which they were asked. */
  readonly asked: string[];
}

/** Knows these records; to everything else it says that there is no such name, or with `isSilent` nothing at all. */
export async function dnsServer(records: readonly Answer[], isSilent = false): Promise<DnsServer> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (octets, from) => {
    const { id, questions = [] } = decode(octets);
    const [question] = questions;
    if (question === undefined) return;
    asked.push(`${question.type} ${question.name}`);
    if (isSilent) return;
    const answers = records.filter((record) => isAnswer(record, question));
    const flags = answers.length === 0 ? 3 : 0;
    socket.send(encode({ type: 'response', id: id ?? 0, flags, questions, answers }), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  const resolver = new Resolver({ timeout: 100, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return { resolver, asked };
}

const isAnswer = (record: Answer, question: Question): boolean =>
  record.type === question.type && record.name.toLowerCase() === question.name.toLowerCase();

export const a = (name: string, data: string): Answer => ({ type: 'A', name, data });

export const aaaa = (name: string, data: string): Answer => ({ type: 'AAAA', name, data });

export const srv = (name: string, target: string, port: number, priority = 0, weight = 0): Answer => ({
  type: 'SRV',
  name,
  data: { target, port, priority, weight },
});

export const naptr = (name: string, order: number, services: string, replacement: string): Answer => ({
  type: 'NAPTR',
  name,
  data: { order, preference: 10, flags: 's', services, regexp: '', replacement },
});
