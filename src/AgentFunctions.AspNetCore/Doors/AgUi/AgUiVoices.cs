using System.Runtime.CompilerServices;
using System.Threading.Channels;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;

namespace AgentFunctions.AspNetCore.Doors.AgUi;

/// <summary>Follows what sub-agents say while they say it, beside what happens in the run that has them work.</summary>
internal sealed class AgUiVoices(
    LiveFeed feed, Journal journal, Transcript transcript, Redactor redactor, AgUiSubAgentTexts texts)
{
    /// <summary>The most sub-agents of a run that are followed at once; what others say is told when they are done.</summary>
    private const int Most = 16;

    /// <summary>How many pieces may wait for a slow client; then those that come are put together.</summary>
    private const int MostWaiting = 64;

    /// <summary>Adds what sub-agents say to the frames of an exchange.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="frames">The frames.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async IAsyncEnumerable<RunFrame> AddAsync(
        string runId, IAsyncEnumerable<RunFrame> frames, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var said = Channel.CreateBounded<RunFrame>(MostWaiting);
        var followed = new Dictionary<string, (CancellationTokenSource Stop, Task Done)>(StringComparer.Ordinal);
        var ended = new HashSet<string>(StringComparer.Ordinal);
        await using IAsyncEnumerator<RunFrame> each = frames.GetAsyncEnumerator(CancellationToken.None);
        Task<bool> next = each.MoveNextAsync().AsTask();
        Task<bool>? spoken = null;
        try
        {
            while (true)
            {
                while (said.Reader.TryRead(out RunFrame? piece))
                {
                    yield return piece;
                }

                if (!next.IsCompleted)
                {
                    spoken = spoken is { IsCompleted: false }
                        ? spoken
                        : said.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
                    await Task.WhenAny(next, spoken);
                    continue;
                }

                if (!await next)
                {
                    break;
                }

                switch (each.Current)
                {
                    case TreeChanged { Nodes: var nodes }:
                        foreach (string id in nodes.Where(node => IsAtWork(node, runId)).Select(static node => node.Run.Id))
                        {
                            if (!followed.ContainsKey(id) && !ended.Contains(id)
                                && followed.Values.Count(static one => !one.Done.IsCompleted) < Most)
                            {
                                var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                                followed[id] = (stop, FollowAsync(id, said.Writer, stop.Token));
                            }
                        }

                        break;
                    case CallEnded call when SubAgentCalls.Starts(call.Call.Tool):
                        string done = SubAgentCalls.IdOf(runId, call.Turn, call.Call.Call);
                        ended.Add(done);
                        if (followed.Remove(done, out (CancellationTokenSource Stop, Task Done) one))
                        {
                            await EndAsync(one);
                        }

                        break;
                    case ExchangeInterrupted or ExchangeEnded:
                        await EndAsync(followed);
                        break;
                }

                // What a sub-agent said last comes before the outcome of its call.
                while (said.Reader.TryRead(out RunFrame? piece))
                {
                    yield return piece;
                }

                yield return each.Current;
                next = each.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await EndAsync(followed);
            // The enumerator cannot be disposed of while it moves.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Whether a run is a sub-agent of a call of another one, and has not ended.</summary>
    private static bool IsAtWork(RunTree node, string runId) => node.Run.Parent == runId && !node.Run.IsEnded;

    private static async Task EndAsync(Dictionary<string, (CancellationTokenSource Stop, Task Done)> followed)
    {
        foreach ((CancellationTokenSource Stop, Task Done) one in followed.Values)
        {
            await EndAsync(one);
        }

        followed.Clear();
    }

    private static async Task EndAsync((CancellationTokenSource Stop, Task Done) one)
    {
        await one.Stop.CancelAsync();
        await one.Done.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        one.Stop.Dispose();
    }

    /// <summary>Tells what a sub-agent has said, as far as it is told at the end of its call, and what it says.</summary>
    private async Task FollowAsync(string id, ChannelWriter<RunFrame> said, CancellationToken cancellationToken)
    {
        long from = await journal.LengthAsync(id, cancellationToken);
        int last = 0;
        foreach ((int turn, string text) in await texts.OfAsync(id, cancellationToken))
        {
            await said.WriteAsync(new AgentSpoke(id, turn, text, true), cancellationToken);
            last = turn;
        }

        var voice = new AgUiVoice(id, last, new TurnReader(transcript, redactor, id));
        await foreach (RunSignal signal in feed.FollowAsync(id, from, false, cancellationToken))
        {
            foreach (RunFrame told in await voice.TakeAsync(signal, cancellationToken))
            {
                await said.WriteAsync(told, cancellationToken);
            }
        }
    }
}
