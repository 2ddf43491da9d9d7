using AgentFunctions.Agents;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Prompts;

/// <summary>Gets what the model of a run was shown at a turn.</summary>
public sealed class ShownRequests
{
    private const int Portion = 200;

    private readonly RunStore _runs;
    private readonly Transcript _transcript;
    private readonly RunTools _tools;

    internal ShownRequests(RunStore runs, Transcript transcript, RunTools tools) =>
        (_runs, _transcript, _tools) = (runs, transcript, tools);

    /// <summary>
    /// Gets what the model was shown before it answered in a turn; for the turn at work, what is recorded of it so far.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn, from 1.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.InvalidInput"/>: the run has no such turn.
    /// </exception>
    public async Task<ShownRequest> GetAsync(string runId, int turn, CancellationToken cancellationToken = default)
    {
        RunRecord run = await _runs.GetAsync(runId, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = await _runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        long length = await _transcript.LengthAsync(runId, cancellationToken).ConfigureAwait(false);
        var newest = new Stack<TranscriptEntry>();
        TranscriptEntry? reply = null;
        TranscriptEntry? summary = null;
        int last = 0;
        long end = length;
        while (end > 0 && (summary is null || newest.Peek().Position > summary.SummaryKeepsFrom))
        {
            // From the end backwards: a summary says how far one has to go.
            long start = Math.Max(0, end - Portion);
            List<TranscriptEntry> part = await PartAsync(runId, start, (int)(end - start), cancellationToken)
                .ConfigureAwait(false);
            foreach (TranscriptEntry entry in Enumerable.Reverse(part))
            {
                last = Math.Max(last, entry.Turn);
                bool isReply = entry.SummaryKeepsFrom is null && entry.Message.Role == ChatRole.Assistant;
                if (entry.Turn > turn || (entry.Turn == turn && isReply))
                {
                    // What came up to here was shown later.
                    (reply, summary) = (isReply && entry.Turn == turn ? entry : reply, null);
                    newest.Clear();
                    continue;
                }

                summary ??= entry.SummaryKeepsFrom is null ? null : entry;
                newest.Push(entry);
            }

            end = start;
        }

        if (turn < 1 || turn > Math.Max(1, reply is null && last < turn ? last + 1 : last))
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"turn: the model of run '{runId}' has been asked in {last} turns; use 1 to {Math.Max(1, last)}.");
        }

        TranscriptEntry[] shown =
        [
            .. Prompt.InOrder(
            [
                .. await BeginningAsync(runId, summary, cancellationToken).ConfigureAwait(false),
                .. newest.Where(entry => entry != summary && entry.SummaryKeepsFrom is null
                    && entry.Position > 0 && entry.Position >= (summary?.SummaryKeepsFrom ?? 0)),
            ]),
        ];
        List<ChatMessage> messages = Prompt.Build(agent, shown);
        IReadOnlyList<ToolDeclaration> declared = await _tools.DeclaredAsync(run, agent, turn, cancellationToken)
            .ConfigureAwait(false);
        return new ShownRequest(
            turn,
            reply?.Model ?? run.Model,
            messages[0].Text,
            [.. declared.Select(static tool => tool.Name)],
            [.. shown.Select((entry, index) => entry with { Message = messages[index + 1] })],
            summary?.Position);
    }

    /// <summary>The goal, and the summary of what is left out.</summary>
    private async Task<IReadOnlyList<TranscriptEntry>> BeginningAsync(
        string runId, TranscriptEntry? summary, CancellationToken cancellationToken)
    {
        List<TranscriptEntry> goal = await PartAsync(runId, 0, 1, cancellationToken).ConfigureAwait(false);
        return summary is null ? goal : [.. goal, summary];
    }

    private async Task<List<TranscriptEntry>> PartAsync(string runId, long from, int count, CancellationToken cancellationToken)
    {
        var part = new List<TranscriptEntry>();
        await foreach (TranscriptEntry entry in _transcript.ReadAsync(runId, from, count, cancellationToken)
            .ConfigureAwait(false))
        {
            part.Add(entry);
        }

        return part;
    }
}

/// <summary>Represents what a model was shown at a turn.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Model">The name of the model.</param>
/// <param name="Instructions">The system message.</param>
/// <param name="Tools">The names of the tools that were declared.</param>
/// <param name="Messages">The messages, with what tools returned and what people said marked as it was.</param>
/// <param name="Summary">
/// The position of the summary that stands for older messages; <see langword="null"/> if nothing was left out.
/// </param>
public sealed record ShownRequest(
    int Turn, string Model, string Instructions, IReadOnlyList<string> Tools, IReadOnlyList<TranscriptEntry> Messages,
    long? Summary);
