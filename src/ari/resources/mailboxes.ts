// Mailboxes: how many messages wait in each. Applications set them.
import { Type, type Static } from 'typebox';
import type { Mailbox as Snapshot } from '../../core/mailboxes.ts';
import { Fault } from '../../errors.ts';
import { del, get, put, type Resource } from '../resource.ts';

export const Mailbox = Type.Object(
  {
    name: Type.String({ description: 'Its name.' }),
    old_messages: Type.Integer({ description: 'How many messages in it have been heard.' }),
    new_messages: Type.Integer({ description: 'How many have not.' }),
  },
  { title: 'Mailbox', description: 'How many messages wait in a mailbox.' },
);

const mailboxJson = ({ name, oldMessages, newMessages }: Snapshot): Static<typeof Mailbox> => ({
  name,
  old_messages: oldMessages,
  new_messages: newMessages,
});

const params = { mailboxName: Type.String({ description: 'The name of the mailbox.' }) };
const noMailbox = { 404: 'There is no such mailbox.' };

function notNegative(counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (count < 0) throw new Fault('invalid', `Parameter ${name} is less than 0`, { code: 'invalid-parameter' });
  }
}

export const mailboxes: Resource = {
  name: 'mailboxes',
  description: 'How many messages wait in mailboxes.',
  since: ['12.1.0'],
  models: [{ schema: Mailbox }],
  operations: [
    get(
      '/mailboxes',
      { nickname: 'list', summary: 'Every mailbox.', since: ['12.1.0'], returns: Type.Array(Mailbox) },
      (_, { mailboxes }) => mailboxes.list().map(mailboxJson),
    ),

    get(
      '/mailboxes/{mailboxName}',
      {
        nickname: 'get',
        summary: 'One mailbox.',
        since: ['12.1.0'],
        params,
        returns: Mailbox,
        errors: noMailbox,
      },
      ({ params: { mailboxName } }, { mailboxes }) => mailboxJson(mailboxes.get(mailboxName)),
    ),

    put(
      '/mailboxes/{mailboxName}',
      {
        nickname: 'update',
        summary: 'Says how many messages a mailbox has, which is kept until it is deleted.',
        since: ['12.1.0'],
        params,
        query: {
          oldMessages: Type.Integer({ default: 0, description: 'How many have been heard.' }),
          newMessages: Type.Integer({ default: 0, description: 'How many have not.' }),
        },
        errors: { 404: 'Never answered; declared because ARI declares it.' },
      },
      async ({ params: { mailboxName: name }, query }, { mailboxes }) => {
        notNegative(query);
        await mailboxes.set({ name, ...query });
      },
    ),

    del(
      '/mailboxes/{mailboxName}',
      {
        nickname: 'delete',
        summary: 'Deletes a mailbox.',
        since: ['12.1.0'],
        params,
        errors: noMailbox,
      },
      ({ params: { mailboxName } }, { mailboxes }) => mailboxes.delete(mailboxName),
    ),
  ],
};
