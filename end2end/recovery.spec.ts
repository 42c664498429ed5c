// The server is killed with a position on, comes back knowing it, and does the right thing with it.
import { api, expect, test } from './fixtures';
import { expectPanicked, expectTruths, fed, newestSession, open, orderRows, panel, panicButton, startSession } from './support/console';

/** What must survive: every order with what was filled of it, every fill, and what is held. */
function books({ session_id, orders, fills, legs }: any) {
  return {
    session_id,
    orders: orders.map(({ client_order_id, order_id, symbol, side, qty, filled_qty, average_price, status }: any) => ({
      client_order_id, order_id, symbol, side, qty, filled_qty, average_price, status,
    })),
    // Not what was charged: a read of the venue may correct the estimate meanwhile.
    fills: fills.map(({ fill_id, symbol, side, qty, price }: any) => ({ fill_id, symbol, side, qty, price })),
    legs: legs.map(({ symbol, qty, average_price }: any) => ({ symbol, qty, average_price })),
  };
}

for (const venue of ['separate', 'embedded'] as const) {
  test.describe(`with the ${venue} venue`, () => {
    test.use({ venue });

    test('a server killed with a position on comes back knowing it', async ({ page, server, problems }) => {
      await open(page);
      const before = await startSession(page);
      const orders = await orderRows(page).allInnerTexts();

      await test.step('the page says that the server is away, and is fed again when it is back', async () => {
        await problems.networkFails(async () => {
          await server.killHard();
          await expect(page.getByRole('banner')).toContainText('reconnecting');
          await server.up();
          await fed(page);
        });
      });

      await test.step('the session is recovered: paused, with the same orders and position', async () => {
        await expectTruths(page, { Lifecycle: 'Paused', Exposure: 'Open' });
        const after = await newestSession(page);
        expect(books(after)).toEqual(books(before));
        await expect(panel(page, 'Session')).toContainText(before.session_id);
        expect(await orderRows(page).allInnerTexts()).toEqual(orders);
      });

      await test.step('nothing was sent anew', async () => {
        const { body } = await api(page, 'GET', '/api/v1/logs?event=order.submitted');
        expect(body.records).toHaveLength(2);
      });

      await test.step('it can be resumed', async () => {
        await page.getByRole('button', { name: 'Resume', exact: true }).click();
        await expectTruths(page, { Lifecycle: 'Running', Exposure: 'Open' });
      });

      await test.step('panic ends verified flat', async () => {
        await panicButton(page).hover();
        await page.mouse.down();
        await expectPanicked(page);
        await page.mouse.up();
      });
    });
  });
}
