// HttpAgent of @ag-ui/client, made durable: a run goes on over breaks of the connection and restarts of the host.
//   const agent = new (DurableHttpAgent(HttpAgent, Observable))({ url: 'http://127.0.0.1:7071/agui/guide', threadId: 'my-thread' });
export const DurableHttpAgent = (HttpAgent, Observable) => class extends HttpAgent {
  run(input) {
    return this.told(this.url, input, input.threadId);
  }

  // What connectAgent asks for: the whole thread, and what is still to come.
  connect(input) {
    return this.told(`${this.url}/connect`, { threadId: input.threadId }, input.threadId);
  }

  told(url, body, threadId) {
    return new Observable((subscriber) => {
      let after, hasBegun = false, stopped = false;
      const once = async () => {
        const headers = { 'Content-Type': 'application/json', ...this.headers, ...(after && { 'Last-Event-ID': after }) };
        const again = after === undefined ? [url, body] : [`${this.url}/connect`, { threadId }];
        const response = await fetch(again[0], { method: 'POST', headers, body: JSON.stringify(again[1]) });
        if (!response.ok) throw Object.assign(new Error(`${response.status}: ${await response.text()}`), { isRefused: response.status < 500 });
        let text = '', isFirst = hasBegun, isOver = false;
        for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
          const parts = (text + chunk).split('\n\n');
          text = parts.pop();
          for (const part of parts.filter((one) => one.includes('data: '))) {
            const event = JSON.parse(part.slice(part.indexOf('data: ') + 6));
            after = event.metadata?.agentfunctions.cursor ?? after;
            // The client has heard the beginning of this run already.
            if (isFirst && (event.type === 'RUN_STARTED' || event.type === 'STATE_SNAPSHOT')) continue;
            isFirst = false;
            hasBegun = true;
            subscriber.next(event);
            isOver = event.type === 'RUN_FINISHED' || event.type === 'RUN_ERROR';
          }
        }
        return isOver; // A stream that ends otherwise was broken off.
      };
      (async () => {
        for (let pause = 250; !stopped; pause = Math.min(pause * 2, 15_000)) {
          const last = after;
          if (await once().catch((error) => { if (error.isRefused) throw error; return false; })) return subscriber.complete();
          if (after !== last) pause = 125;
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
      })().catch((error) => subscriber.error(error));
      return () => { stopped = true; };
    });
  }
};
