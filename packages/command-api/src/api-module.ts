import { type DynamicModule, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { ExecuteCommandHandler } from './commands/execute-command.js';
import type { CommandResources } from './commands/handle.js';
import { DeviceKeysHandler } from './devices/device-keys.js';
import { DeviceListHandler } from './devices/device-list.js';
import { ExecuteAccountCommandHandler } from './devices/execute-account-command.js';
import type { AccountResources } from './devices/handle.js';
import {
  ACCOUNT_RESOURCES,
  ACCOUNTS,
  COMMAND_RESOURCES,
  CONVERSATION_STORE,
  READ_RESOURCES,
  RECEIPT_RESOURCES,
} from './injection.js';
import { CallGetHandler } from './queries/call-get.js';
import { CallListHandler } from './queries/call-list.js';
import { ConversationAtHandler } from './queries/conversation-at.js';
import { ConversationGetHandler } from './queries/conversation-get.js';
import { ConversationListHandler } from './queries/conversation-list.js';
import { MessageInfoHandler } from './queries/message-info.js';
import { MessageListHandler } from './queries/message-list.js';
import type { NewestPageResources } from './queries/newest-page.js';
import { SessionSyncHandler } from './queries/session-sync.js';
import type { ReceiptResources } from './receipts/mark.js';
import { MarkReceiptsHandler } from './receipts/mark-receipts.js';

export type ApiResources = {
  readonly commands: CommandResources;
  readonly devices: AccountResources;
  readonly receipts: ReceiptResources;
  readonly reads: NewestPageResources;
};

/** The buses and their handlers, given what `main.ts` has built. */
@Module({})
export class ApiModule {
  static with({ commands, devices, receipts, reads }: ApiResources): DynamicModule {
    return {
      module: ApiModule,
      imports: [CqrsModule.forRoot()],
      providers: [
        { provide: COMMAND_RESOURCES, useValue: commands },
        { provide: CONVERSATION_STORE, useValue: commands.store },
        { provide: ACCOUNTS, useValue: devices.accounts },
        { provide: ACCOUNT_RESOURCES, useValue: devices },
        { provide: RECEIPT_RESOURCES, useValue: receipts },
        { provide: READ_RESOURCES, useValue: reads },
        ExecuteCommandHandler,
        ExecuteAccountCommandHandler,
        DeviceListHandler,
        DeviceKeysHandler,
        MarkReceiptsHandler,
        MessageListHandler,
        ConversationListHandler,
        ConversationGetHandler,
        ConversationAtHandler,
        SessionSyncHandler,
        MessageInfoHandler,
        CallGetHandler,
        CallListHandler,
      ],
    };
  }
}
