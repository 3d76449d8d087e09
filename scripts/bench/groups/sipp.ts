// SIPp as the telephones that call, and an application that answers what comes to it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { Bench } from '../bench.ts';
import { runId } from '../bench.ts';
import { latencyOf } from '../percentiles.ts';
import { freePort, type Peer } from '../service.ts';

export interface Calls {
  /** Begun in a second. */
  readonly rate: number;
  readonly count: number;
  /** Milliseconds from the answer to the BYE. */
  readonly hold: number;
}

export interface Called {
  readonly succeeded: number;
  readonly failed: number;
  readonly retransmissions: number;
  /** From the first INVITE to the end of the last call. */
  readonly secs: number;
  /** SIPp's own words: "00:00:00:012000". */
  readonly setUp: string;
}

export const hasSipp = (): boolean => spawnSync('sipp', ['-v']).error === undefined;

export async function call(bench: Bench, peer: Peer, { rate, count, hold }: Calls): Promise<Called> {
  const statistics = join(tmpdir(), `${runId()}.csv`);
  const args = [
    ...[`127.0.0.1:${peer.sipPort}`, '-sf', join(import.meta.dirname, '../call.xml'), '-i', '127.0.0.1'],
    ...['-p', await freePort(), '-r', rate, '-m', count, '-l', count, '-d', hold, '-recv_timeout', 20_000],
    ...['-nostdin', '-trace_stat', '-stf', statistics, '-fd', 1],
  ];
  const started = performance.now();
  const sipp = spawn('sipp', args.map(String), { stdio: 'ignore' });
  bench.load.follow(sipp);
  await once(sipp, 'exit');
  const secs = (performance.now() - started) / 1000;
  const lines = (await readFile(statistics, 'utf8')).trim().split('\n');
  await rm(statistics);
  const values = lines.at(-1)!.split(';');
  const of = (name: string): string => values[lines[0]!.split(';').indexOf(name)] ?? '';
  return {
    ...{ succeeded: Number(of('SuccessfulCall(C)')), failed: Number(of('FailedCall(C)')) },
    ...{ retransmissions: Number(of('Retransmissions(C)')), secs, setUp: of('ResponseTime1(C)') },
  };
}

/** The application `bench`, which answers each call over so many connections that are kept. */
export async function answering(peer: Peer, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const authorization = `Basic ${Buffer.from(peer.user).toString('base64')}`;
  const times: number[] = [];
  const refused: Record<string, number> = {};
  let events = 0;
  const answer = (channel: string): void => {
    const begun = performance.now();
    const path = `${peer.path}/channels/${encodeURIComponent(channel)}/answer`;
    const refuse = (why: string | number): void => void (refused[why] = (refused[why] ?? 0) + 1);
    request({ agent, port: peer.httpPort, method: 'POST', path, headers: { authorization, 'content-length': 0 } })
      .on('response', (response) => {
        response.resume();
        if (response.statusCode === 204) times.push(performance.now() - begun);
        else refuse(response.statusCode!);
      })
      .on('error', ({ message }) => refuse(message))
      .end();
  };
  const query = new URLSearchParams({ app: 'bench', api_key: peer.user });
  const socket = new WebSocket(`ws://127.0.0.1:${peer.httpPort}${peer.path}/events?${query}`, {
    perMessageDeflate: false,
  });
  socket.on('message', (data: Buffer) => {
    events += 1;
    const text = data.toString();
    // Most events are others: reading them all would take time of the cores that are measured.
    if (/"type"\s*:\s*"StasisStart"/.test(text)) answer((JSON.parse(text) as { channel: { id: string } }).channel.id);
  });
  await once(socket, 'open');
  return {
    get answered(): number {
      return times.length;
    },
    figures: () => ({ answered: times.length, latency: latencyOf(times), refused, events }),
    async close() {
      socket.close();
      await once(socket, 'close');
      agent.destroy();
    },
  };
}
